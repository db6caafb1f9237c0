// The files are embedded by the compiler, which writes each of them into the list of what this object depends on: a
// file that changes is built anew. Not SwiftPM's resources: because those are bundles beside the binary, which would
// stop being one file.
#include "CPinionPages.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define BEGIN(name) static const unsigned char name[] = {
#define END };

BEGIN(chat_html)
#embed "Assets/chat.html"
END
BEGIN(pages_css)
#embed "Assets/pages.css"
END
BEGIN(status_html)
#embed "Assets/status.html"
END

static const pinion_page_file files[] = {
    {"chat.html", chat_html, sizeof chat_html},
    {"pages.css", pages_css, sizeof pages_css},
    {"status.html", status_html, sizeof status_html},
};

const pinion_page_file *pinion_page_files(size_t *count) {
    *count = sizeof files / sizeof *files;
    return files;
}
