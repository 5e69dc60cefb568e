# Completion of the cascade command for bash. What a command takes is read from its own help, so that nothing is said twice.

# COMMAND WORD...: the options of WORD..., one a line: the option, and behind a blank the name of its value if it takes one.
_cascade_options() {
  local command=$1
  shift
  "$command" "$@" --help 2>/dev/null | awk -v usage="cascade $*" '
    function take(text,    name) {
      while (match(text, /--[a-z][a-z-]*( [A-Z][A-Za-z,.]*| [a-z]+(\|[a-z]+)+)?/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (!seen[name]++) print name
      }
    }
    { line = $0; gsub(/ +/, " ", line) }
    index(line " ", usage " ") == 1 { synopsis = $0; take(synopsis) }
    synopsis ~ /\[options\]/ && /^  --/ { match($0, /--[^ ]+( [^ ]+)?/); take(substr($0, RSTART, RLENGTH)) }
    END { print "--help" }'
}

# The commands, or those of queue, outbox and archive.
_cascade_commands() {
  local command=$1
  shift
  if [[ ${1-} ]]; then
    "$command" "$1" --help 2>/dev/null | awk '/^cascade (queue|outbox|archive) [a-z]/ { print $3 }'
  else
    "$command" --help 2>/dev/null | awk '/^  cascade [a-z]/ && !seen[$2]++ { print $2 }'
  fi
}

_cascade() {
  local cur prev words cword split # as _init_completion sets them
  : "${split-}"
  _init_completion -s -n : || return

  local command=${words[0]} first=2 name=("${words[1]-}") takes i
  if [[ $cword -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_cascade_commands "$command") --help --version" -- "$cur")
    return
  fi
  if [[ ${words[1]} == @(queue|outbox|archive) ]]; then
    if [[ $cword -eq 2 ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$(_cascade_commands "$command" "${words[1]}") --help" -- "$cur")
      return
    fi
    name+=("${words[2]}") first=3
  fi

  takes=$(_cascade_options "$command" "${name[@]}")
  if [[ $takes == *"$prev "* && $prev == --* ]]; then
    case $prev in
      --format)
        mapfile -t COMPREPLY < <(compgen -W "$("$command" "${name[@]}" --format '?' 2>&1 | sed -n 's/.*, only//p')" -- "$cur") ;;
      --count) mapfile -t COMPREPLY < <(compgen -W 'none capped estimated exact' -- "$cur") ;;
      --mode) mapfile -t COMPREPLY < <(compgen -W 'insert update merge' -- "$cur") ;;
      --state) mapfile -t COMPREPLY < <(compgen -W 'ready claimed paused done dead cancelled' -- "$cur") ;;
      *) [[ $takes =~ (^|$'\n')"$prev "(FILE|F)($'\n'|$) ]] && _filedir ;;
    esac
    return
  fi
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(cut -d ' ' -f 1 <<<"$takes")" -- "$cur")
    return
  fi

  # Words that are neither options nor their values: the URI, the table, keys.
  local given=()
  for ((i = first; i < cword; i++)); do
    if [[ ${words[i]} != -* ]]; then given+=("${words[i]}")
    elif [[ $takes == *"${words[i]} "* ]]; then i=$((i + 1)); fi
  done
  if [[ ${#given[@]} -eq 0 ]]; then
    if [[ $cur == sqlite:* ]]; then
      cur=${cur#sqlite:}
      _filedir
      COMPREPLY=("${COMPREPLY[@]/#/sqlite:}")
      cur=sqlite:$cur
    else
      mapfile -t COMPREPLY < <(compgen -W 'sqlite: postgresql:// mariadb:// dbi:sqlite3? dbi:pgsql? dbi:mysql?' -- "$cur")
      [[ ${COMPREPLY-} ]] && compopt -o nospace
    fi
    __ltrim_colon_completions "$cur"
  elif [[ ${#given[@]} -eq 1 && ${name[0]} != queue && ${name[0]} != outbox && ${given[0]} == sqlite:* ]]; then
    # Only of a file: a server would be asked for a password, or not answer.
    mapfile -t COMPREPLY < <(compgen -W "$("$command" graph "${given[0]}" --format dot 2>/dev/null |
      sed -n 's/^  "\([A-Za-z0-9_]*\)" \[shape.*/\1/p')" -- "$cur")
  fi
} &&
  complete -F _cascade cascade
