/* Stops a statement of a server that listens to nobody but a second connection. A signal handler may ask for it, and must not
   connect; so a thread that sleeps until then does. Needs nothing but the C library. */
#ifndef CASC_KILLER_H
#define CASC_KILLER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* How it is done. All three are called in the killer's thread, and must take seconds at most. */
typedef struct casc_killer_way {
  void *(*connect)(void *data); /* NULL: not possible now */
  void (*kill)(void *data, void *connection);
  void (*close)(void *connection);
  void *data;
} casc_killer_way;

typedef struct casc_killer {
  casc_killer_way way;
  pthread_t thread;
  pid_t process; /* whose thread it is: a fork's child has none */
  pthread_mutex_t mutex;
  sem_t wake;
  atomic_bool wanted, ended;
  bool started;
  bool running, killed; /* a statement is with the server; and it was killed. Under the mutex */
} casc_killer;

/* False when no thread can be had. With a killer that is zeroed, or failed to start, the others but wake() do nothing. */
bool casc_killer_start(casc_killer *killer, const casc_killer_way *way);
void casc_killer_stop(casc_killer *killer);
/* Around each statement. After the end, which may be told twice, no kill is on its way that could hit a later statement. */
void casc_killer_begin(casc_killer *killer);
bool casc_killer_end(casc_killer *killer); /* whether it was killed, and not by somebody else */
/* From any thread or a signal handler: the statement that runs shall be killed. */
void casc_killer_wake(casc_killer *killer);

#endif
