#include "pn_variants.h"

#pragma STDC FP_CONTRACT OFF

// Its vectors are arrays in memory: unrolling would only make it long.
#undef PN_UNROLL
#define PN_UNROLL
#define PN_ISA portable
#define PN_ISA_NAME "portable"
#define PN_INLINE static inline __attribute__((always_inline))
#define PN_SQRT sqrtf
#include "pn_vec_portable.h"
#include "pn_body.h"
