#pragma once

#include <stddef.h>

/// A file of the pages, as it lies in the binary.
typedef struct {
    /// Its name below `Assets`, such as `chat.html`.
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    size_t count;
} pinion_page_file;

/// All files, in the order of their table.
const pinion_page_file *_Nonnull pinion_page_files(size_t *_Nonnull count);
