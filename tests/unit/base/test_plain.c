/* Words and numbers in the locale of a host: in Turkey's, where I is no capital i, and 1.5 is written 1,5. */
#include "unit.h"

#include "plain.h"
#include "scratch.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char place[SCRATCH_ROOM];

static int enter_turkey(void **state) {
  (void)state;
  char command[SCRATCH_ROOM + 80];
  if (!scratch_directory(place, "locale")) return -1;
  snprintf(command, sizeof command, "localedef -i tr_TR -f UTF-8 '%s/tr_TR.UTF-8'", place);
  return system(command) || setenv("LOCPATH", place, 1) || !setlocale(LC_ALL, "tr_TR.UTF-8");
}

static int leave(void **state) {
  (void)state;
  char command[SCRATCH_ROOM + 20];
  setlocale(LC_ALL, "C");
  snprintf(command, sizeof command, "rm -r '%s'", place);
  return system(command);
}

static void test_words(void **state) {
  (void)state;
  assert_int_not_equal(tolower('I'), 'i'); /* or the locale is not the one that is meant */
  assert_true(casc_same_name("COMMIT", "commit"));
  assert_false(casc_same_name("COMMIT", "commi"));
  assert_false(casc_same_name("commi", "COMMIT"));
  assert_true(casc_begins("COMMIT AND CHAIN", "commit"));
  assert_true(casc_begins("anything", ""));
  assert_false(casc_begins("COMM", "commit"));
  assert_true(casc_is_letter('I') && casc_is_letter('z') && casc_is_letter('_'));
  assert_false(casc_is_letter('1') || casc_is_letter('\xfd') || casc_is_letter('@') || casc_is_letter('['));
  assert_true(casc_is_digit('0') && casc_is_digit('9') && !casc_is_digit(':'));
}

static void test_numbers(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *text;
  } numbers[] = {{1.5, "1.5"},           {-0.1, "-0.10000000000000001"}, {3, "3"},    {1e300, "1.0000000000000001e+300"},
                 {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"},       {NAN, "NaN"}};
  char text[CASC_REAL_ROOM];
  double back;
  snprintf(text, sizeof text, "%.1f", 1.5);
  assert_string_equal(text, "1,5");
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    casc_real_text(text, numbers[i].value);
    assert_string_equal(text, numbers[i].text);
    assert_true(casc_real_of(text, &back));
    assert_true(isnan(numbers[i].value) ? isnan(back) : back == numbers[i].value);
  }
  assert_false(casc_real_of("1,5", &back));
  assert_false(casc_real_of("", &back));
  assert_false(casc_real_of("1.5 ", &back));
}

static void test_lines(void **state) {
  (void)state;
  static const char *const lines[][2] = {
      {"", ""},
      {"two\nlines\r\n", "two lines  "},
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x88 \xef\xbf\xbf", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x88 \xef\xbf\xbf"},
      {"caf\xe9", "caf?"},           /* of another encoding ... */
      {"\xa9\xc3\xa9", "?\xc3\xa9"}, /* ... or cut, at either end */
      {"\xe2\x82", "??"},
      {"\xf0\x9f\x90", "???"},
      {"\xc3(", "?("},
      {"\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "?? ??? ????"}, /* longer than need be */
      {"\xed\xa0\x80", "???"},                                   /* half a pair of UTF-16 */
      {"\xf4\x90\x80\x80 \xff", "???? ?"}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char text[40];
    strcpy(text, lines[i][0]);
    casc_mend_line(text);
    assert_string_equal(text, lines[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_numbers), cmocka_unit_test(test_lines)};
  return cmocka_run_group_tests(tests, enter_turkey, leave);
}
