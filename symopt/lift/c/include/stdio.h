#ifndef SYMOPT_LIFT_STDIO
#define SYMOPT_LIFT_STDIO
#include <stddef.h>
#endif
