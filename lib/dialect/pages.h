/* What the statements that read pages have in common. */
#ifndef CASC_PAGES_H
#define CASC_PAGES_H

#include "dialect.h"

/* Begins the select of the page at this place among others: its items are declared anew. */
void casc_page_begin(casc_statement *statement, uint32_t place, bool bracket);
/* The place as an expression; in the statement's memory. */
const char *casc_page_place(casc_statement *statement, uint32_t place);
/* The place, and above CASC_PAGE_PLACES what else there is to tell of the row; NULL for nothing. */
const char *casc_page_mark(casc_statement *statement, uint32_t place, const char *besides);

#endif
