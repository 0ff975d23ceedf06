#ifndef SYMOPT_LIFT_ASSERT
#define SYMOPT_LIFT_ASSERT
#define assert(condition) ((void)0)
#endif
