// The table of formats as compile-time constants for the kernels.
#ifndef PN_TRAITS_H
#define PN_TRAITS_H

#include "CPinionKernels.h"

static const pn_format_traits pn_traits[PN_FORMAT_COUNT] = {
#define PN_TRAITS_ROW(format, kernel, tile, name, type, elements, bytes, bits, zero, codes, scaling, columns, unit, block, scales) \
    [format] = {name, type, elements, bytes, bits, zero, PN_##codes, PN_VALUES_##codes, scaling, \
        {columns, unit, block, scales}},
    PN_FORMATS(PN_TRAITS_ROW)
#undef PN_TRAITS_ROW
};

#endif
