// The compiler embeds the files and lists each as a dependency of this object, so that a changed file is built anew. Not SwiftPM's resources: because those are bundles beside the binary, which would
// stop being one file.
#include "CPinionPages.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define BEGIN(name) static const unsigned char name[] = {
#define END };

BEGIN(api_js)
#embed "Assets/api.js"
END
BEGIN(app_js)
#embed "Assets/app.js"
END
BEGIN(chat_css)
#embed "Assets/chat.css"
END
BEGIN(chat_html)
#embed "Assets/chat.html"
END
BEGIN(chat_js)
#embed "Assets/chat.js"
END
BEGIN(composer_js)
#embed "Assets/composer.js"
END
BEGIN(conversation_js)
#embed "Assets/conversation.js"
END
BEGIN(dialogs_js)
#embed "Assets/dialogs.js"
END
BEGIN(dom_js)
#embed "Assets/dom.js"
END
BEGIN(frames_js)
#embed "Assets/frames.js"
END
BEGIN(icon_svg)
#embed "Assets/icon.svg"
END
BEGIN(inline_js)
#embed "Assets/inline.js"
END
BEGIN(kept_js)
#embed "Assets/kept.js"
END
BEGIN(language_js)
#embed "Assets/language.js"
END
BEGIN(library_js)
#embed "Assets/library.js"
END
BEGIN(line_reader_js)
#embed "Assets/line-reader.js"
END
BEGIN(markdown_view_js)
#embed "Assets/markdown-view.js"
END
BEGIN(markdown_js)
#embed "Assets/markdown.js"
END
BEGIN(message_view_js)
#embed "Assets/message-view.js"
END
BEGIN(pages_css)
#embed "Assets/pages.css"
END
BEGIN(parameters_js)
#embed "Assets/parameters.js"
END
BEGIN(plain_view_js)
#embed "Assets/plain-view.js"
END
BEGIN(reply_js)
#embed "Assets/reply.js"
END
BEGIN(session_js)
#embed "Assets/session.js"
END
BEGIN(settings_js)
#embed "Assets/settings.js"
END
BEGIN(sidebar_js)
#embed "Assets/sidebar.js"
END
BEGIN(sse_js)
#embed "Assets/sse.js"
END
BEGIN(status_plot_js)
#embed "Assets/status-plot.js"
END
BEGIN(status_poll_js)
#embed "Assets/status-poll.js"
END
BEGIN(status_view_js)
#embed "Assets/status-view.js"
END
BEGIN(status_words_js)
#embed "Assets/status-words.js"
END
BEGIN(status_css)
#embed "Assets/status.css"
END
BEGIN(status_html)
#embed "Assets/status.html"
END
BEGIN(status_js)
#embed "Assets/status.js"
END
BEGIN(store_js)
#embed "Assets/store.js"
END
BEGIN(talk_js)
#embed "Assets/talk.js"
END
BEGIN(token_list_js)
#embed "Assets/token-list.js"
END
BEGIN(transcript_js)
#embed "Assets/transcript.js"
END
BEGIN(transfer_js)
#embed "Assets/transfer.js"
END
BEGIN(words_en_js)
#embed "Assets/words-en.js"
END
BEGIN(words_zh_js)
#embed "Assets/words-zh.js"
END

static const pinion_page_file files[] = {
    {"api.js", api_js, sizeof api_js},
    {"app.js", app_js, sizeof app_js},
    {"chat.css", chat_css, sizeof chat_css},
    {"chat.html", chat_html, sizeof chat_html},
    {"chat.js", chat_js, sizeof chat_js},
    {"composer.js", composer_js, sizeof composer_js},
    {"conversation.js", conversation_js, sizeof conversation_js},
    {"dialogs.js", dialogs_js, sizeof dialogs_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"frames.js", frames_js, sizeof frames_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"inline.js", inline_js, sizeof inline_js},
    {"kept.js", kept_js, sizeof kept_js},
    {"language.js", language_js, sizeof language_js},
    {"library.js", library_js, sizeof library_js},
    {"line-reader.js", line_reader_js, sizeof line_reader_js},
    {"markdown-view.js", markdown_view_js, sizeof markdown_view_js},
    {"markdown.js", markdown_js, sizeof markdown_js},
    {"message-view.js", message_view_js, sizeof message_view_js},
    {"pages.css", pages_css, sizeof pages_css},
    {"parameters.js", parameters_js, sizeof parameters_js},
    {"plain-view.js", plain_view_js, sizeof plain_view_js},
    {"reply.js", reply_js, sizeof reply_js},
    {"session.js", session_js, sizeof session_js},
    {"settings.js", settings_js, sizeof settings_js},
    {"sidebar.js", sidebar_js, sizeof sidebar_js},
    {"sse.js", sse_js, sizeof sse_js},
    {"status-plot.js", status_plot_js, sizeof status_plot_js},
    {"status-poll.js", status_poll_js, sizeof status_poll_js},
    {"status-view.js", status_view_js, sizeof status_view_js},
    {"status-words.js", status_words_js, sizeof status_words_js},
    {"status.css", status_css, sizeof status_css},
    {"status.html", status_html, sizeof status_html},
    {"status.js", status_js, sizeof status_js},
    {"store.js", store_js, sizeof store_js},
    {"talk.js", talk_js, sizeof talk_js},
    {"token-list.js", token_list_js, sizeof token_list_js},
    {"transcript.js", transcript_js, sizeof transcript_js},
    {"transfer.js", transfer_js, sizeof transfer_js},
    {"words-en.js", words_en_js, sizeof words_en_js},
    {"words-zh.js", words_zh_js, sizeof words_zh_js},
};

const pinion_page_file *pinion_page_files(size_t *count) {
    *count = sizeof files / sizeof *files;
    return files;
}
