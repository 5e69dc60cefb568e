/* JSON as text: what jansson does not do. */
#ifndef CASC_JSON_TEXT_H
#define CASC_JSON_TEXT_H

#include "context.h"
#include "failure.h"
#include "str.h"

#include <cascade/common.h>
#include <jansson.h>

/* Appends a quoted string. False when the text is not UTF-8, which JSON cannot carry. */
bool casc_json_string(casc_str *json, const char *text);

/* Appends a value: integers as numbers, text as a string, bytes and texts that are not UTF-8 as SQL writes bytes: "x'0f12'".
   Decimals are strings, so that no reader rounds them. True when it was written as bytes. */
bool casc_json_value(casc_str *json, const cascade_value *value);
/* Appends keys with commas between them: one column is its value, several are an array. */
void casc_json_keys(casc_str *json, const cascade_keys *keys);

/* The document, whose texts need not have been checked, as text by malloc(). Takes the document over; NULL stands for memory that
   was out. CASCADE_UNSUPPORTED, with the text, when one is not UTF-8; `what` is the document. */
cascade_status casc_json_give(cascade_context *context, json_t *document, size_t flags, const char *what, char **text,
                              cascade_error **error);

/* The way from the outermost value to one within: members by name, elements by position. */
typedef struct casc_json_step {
  const char *member; /* NULL for an element */
  uint32_t element;
} casc_json_step;

/* Line of the value at the end of the way, as far as that leads. The text must be valid JSON. */
uint32_t casc_json_line(const char *json, const casc_json_step *way, uint32_t steps);

#endif
