#ifndef SYMOPT_LIFT_STDBOOL
#define SYMOPT_LIFT_STDBOOL
#define bool _Bool
#define true 1
#define false 0
#endif
