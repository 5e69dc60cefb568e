#include "killer.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static bool has_prey(casc_killer *killer) {
  pthread_mutex_lock(&killer->mutex);
  bool found = killer->running && atomic_load(&killer->wanted);
  pthread_mutex_unlock(&killer->mutex);
  return found && !atomic_load(&killer->ended);
}

/* Connecting may take long, and the statement may end before. While the kill itself is under way, its end waits. */
static void hunt(casc_killer *killer) {
  const casc_killer_way *way = &killer->way;
  while (has_prey(killer)) {
    void *connection = way->connect(way->data);
    if (!connection) {
      nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* too many connections, say */
      continue;
    }
    pthread_mutex_lock(&killer->mutex);
    if (killer->running && atomic_exchange(&killer->wanted, false)) {
      way->kill(way->data, connection);
      killer->killed = true;
    }
    pthread_mutex_unlock(&killer->mutex);
    way->close(connection);
  }
}

static void *live(void *data) {
  casc_killer *killer = data;
  while (!atomic_load(&killer->ended))
    if (sem_wait(&killer->wake) == 0) hunt(killer);
  return NULL;
}

bool casc_killer_start(casc_killer *killer, const casc_killer_way *way) {
  killer->way = *way;
  killer->process = getpid();
  atomic_init(&killer->wanted, false);
  atomic_init(&killer->ended, false);
  if (sem_init(&killer->wake, 0, 0) != 0) return false;
  pthread_mutex_init(&killer->mutex, NULL);
  sigset_t all, before; /* the host's signals are for the host's threads */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  killer->started = pthread_create(&killer->thread, NULL, live, killer) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (killer->started) return true;
  pthread_mutex_destroy(&killer->mutex);
  sem_destroy(&killer->wake);
  return false;
}

void casc_killer_stop(casc_killer *killer) {
  if (!killer->started || killer->process != getpid()) return;
  atomic_store(&killer->ended, true);
  sem_post(&killer->wake);
  pthread_join(killer->thread, NULL);
  pthread_mutex_destroy(&killer->mutex);
  sem_destroy(&killer->wake);
  killer->started = false;
}

void casc_killer_begin(casc_killer *killer) {
  if (!killer->started) return;
  pthread_mutex_lock(&killer->mutex);
  atomic_store(&killer->wanted, false);
  killer->running = true;
  killer->killed = false;
  pthread_mutex_unlock(&killer->mutex);
}

bool casc_killer_end(casc_killer *killer) {
  if (!killer->started) return false;
  pthread_mutex_lock(&killer->mutex);
  killer->running = false;
  bool killed = killer->killed;
  pthread_mutex_unlock(&killer->mutex);
  return killed;
}

void casc_killer_wake(casc_killer *killer) {
  atomic_store(&killer->wanted, true);
  sem_post(&killer->wake);
}
