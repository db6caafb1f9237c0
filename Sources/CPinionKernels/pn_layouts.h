// The layout of each packed format, as compile-time constants for the kernels.
#ifndef PN_LAYOUTS_H
#define PN_LAYOUTS_H

#include "CPinionKernels.h"

/// [columns, bytes, block_bytes, scales] of a unit. Formats whose unit of one block would end off a cache line have two.
static const pn_layout pn_layouts[PN_FORMAT_COUNT] = {
    [PN_F32] = {1, 64, 0, 0},
    [PN_F16] = {1, 32, 0, 0},
    [PN_BF16] = {1, 32, 0, 0},
    [PN_Q4_0] = {64, 2 * (256 + 32), 256, 2 * 256},
    [PN_Q4_1] = {32, 256 + 64, 256, 256},
    [PN_Q8_0] = {64, 2 * (512 + 32), 512, 2 * 512},
    [PN_Q5_0] = {64, 2 * (320 + 32), 320, 2 * 320},
    [PN_Q5_1] = {32, 320 + 64, 320, 320},
    [PN_Q4_K] = {256, 8 * 256 + 64 + 2 * 128, 256, 8 * 256},
    [PN_Q5_K] = {256, 8 * 320 + 64 + 2 * 128, 320, 8 * 320},
    // 32 bytes to the end of the cache line are not used.
    [PN_Q6_K] = {256, 8 * 384 + 64 + 2 * 128, 384, 8 * 384},
};

#endif
