#include "pn_variants.h"

#if defined(__aarch64__)

#pragma STDC FP_CONTRACT OFF
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#define PN_ISA neon
#define PN_ISA_NAME "neon"
#define PN_INLINE static inline __attribute__((always_inline))
#define PN_SQRT(x) vget_lane_f32(vsqrt_f32(vdup_n_f32(x)), 0)
#include "pn_vec_neon.h"
#include "pn_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
