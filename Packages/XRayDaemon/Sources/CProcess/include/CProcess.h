#ifndef CPROCESS_H
#define CPROCESS_H

// What keeps a long-lived process small. Where a C library has no such knob, nothing happens.

/// Lets all threads share one heap, gives large blocks back to the system when they are freed, and maps files page by
/// page rather than by 2 MB.
void process_stay_small(void);

/// Gives the program's own pages back that only its start needed: they are files' pages, and come back when asked for.
void process_drop_code_pages(void);

#endif
