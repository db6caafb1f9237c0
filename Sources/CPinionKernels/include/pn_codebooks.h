// The points from which the IQ formats choose: a point is 8 or 4 values, stored as their indices among the values that occur,
// the first in the lowest bits.
#ifndef PN_CODEBOOKS_H
#define PN_CODEBOOKS_H

#include <stddef.h>
#include <stdint.h>

/// IQ1_S and IQ1_M: 8 values of -1, 0, 1, two bits each.
extern const uint16_t pn_points_iq1[2048];
/// IQ2_XXS: 8 values of 8, 25, 43, two bits each.
extern const uint16_t pn_points_iq2_xxs[256];
/// IQ2_XS: the same.
extern const uint16_t pn_points_iq2_xs[512];
/// IQ2_S: the same.
extern const uint16_t pn_points_iq2_s[1024];
/// IQ3_XXS: 4 values of 4, 12, 20, 28, 36, 44, 52, 62, three bits each.
extern const uint16_t pn_points_iq3_xxs[256];
/// IQ3_S: 4 values of 1, 3, 5 ... 15, three bits each.
extern const uint16_t pn_points_iq3_s[512];

/// A point each; Swift sees an array of C as a tuple, which it cannot index. The index is less than the array's length.
static inline uint16_t pn_point_of_iq1(size_t index) { return pn_points_iq1[index]; }
static inline uint16_t pn_point_of_iq2_xxs(size_t index) { return pn_points_iq2_xxs[index]; }
static inline uint16_t pn_point_of_iq2_xs(size_t index) { return pn_points_iq2_xs[index]; }
static inline uint16_t pn_point_of_iq2_s(size_t index) { return pn_points_iq2_s[index]; }
static inline uint16_t pn_point_of_iq3_xxs(size_t index) { return pn_points_iq3_xxs[index]; }
static inline uint16_t pn_point_of_iq3_s(size_t index) { return pn_points_iq3_s[index]; }

#endif
