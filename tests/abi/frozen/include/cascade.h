#ifndef CASCADE_H
#define CASCADE_H 
#include <cascade/blockers.h>
#include <cascade/common.h>
#include <cascade/connection.h>
#include <cascade/context.h>
#include <cascade/driver.h>
#include <cascade/error.h>
#include <cascade/fill.h>
#include <cascade/graph.h>
#include <cascade/plan.h>
#include <cascade/policy.h>
#include <cascade/purge.h>
#include <cascade/queue.h>
#include <cascade/selection.h>
#include <cascade/version.h>
#endif
