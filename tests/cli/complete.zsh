# What zsh offers: complete.zsh FOLDER OUTPUT LINE..., FOLDER having the function _cascade. Into OUTPUT goes each LINE, the words
# that are offered at its end, and an empty line.
zmodload zsh/zpty || exit 1
folder=$1 output=$2
shift 2
: >$output

zpty shell zsh -f -i
zpty -w shell "
  PROMPT= fpath=($folder \$fpath) output=$output
  autoload -Uz compinit && compinit -u -D
  compadd() {
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return; fi
    local -a found
    builtin compadd -A found \"\$@\"
    ((\$#found)) && print -rl -- \$found >>\$output
    builtin compadd \"\$@\"
  }
  offer() { _main_complete; print >>\$output; compstate[insert]= compstate[list]= }
  zle -C offer complete-word offer
  forget() { BUFFER= }
  zle -N forget
  bindkey '^T' offer '^G' forget
  print ready >>\$output"

# Until OUTPUT ends with the line $1.
await() {
  local i
  for ((i = 0; i < 600; i++)); do
    [[ -s $output && "$(tail -n 1 $output)" == "$1" ]] && return
    sleep 0.05
  done
  print -u2 "no answer for '$2'"
  exit 1
}

await ready 'the start'
for line in "$@"; do
  print -r -- "$line" >>$output
  zpty -n -w shell "$line"$'\x14'
  await '' "$line"
  zpty -n -w shell $'\x07'
done
zpty -d shell
