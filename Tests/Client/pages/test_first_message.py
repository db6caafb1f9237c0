"""A conversation with the real server: the first message, streaming, stop, regenerate, edit, continue."""

import math
import threading
import time

import pytest

from pages.browser import WAIT_SECONDS
from pages.chat import LAST
from pages.proxy import Reply

# Long enough that a person can stop it, at PACE seconds a token: the model alone ends within half a second.
LONG, PACE = 400, 0.05
# Never set: a reply that is held by it ends only with its connection.
NEVER = threading.Event()


def long_reply(chat):
    """Asks the real model for a reply that lasts."""
    chat.proxy.pace = PACE
    chat.page.fill("#p-max_tokens", str(LONG))
    chat.page.fill("#p-temperature", "0")
    chat.send("Write a long story about a river, in many sentences.")
    chat.until_state("streaming")


def test_the_first_message_gets_a_reply_of_the_model(chat):
    chat.page.fill("#p-temperature", "0")
    chat.page.fill("#p-max_tokens", "12")
    chat.send("What is the capital of France?")
    chat.until_state("done", seconds=60)
    assert [role for role, _ in chat.messages()] == ["user", "assistant"]
    assert "Paris" in chat.body
    request = chat.proxy.chats()[-1]
    assert request["messages"] == [{"role": "user", "content": "What is the capital of France?"}]
    assert (request["temperature"], request["max_tokens"], request["stream"]) == (0, 12, True)
    assert chat.page.value("document.querySelector('#prompt').value") == ""


def test_a_reply_tells_its_counts_and_rate(chat):
    # Of a reply that comes all at once no rate is told, and a page that is held up sees a quick one so.
    chat.proxy.pace = PACE
    chat.page.fill("#p-temperature", "0")
    chat.page.fill("#p-max_tokens", "60")
    chat.send("Tell me a story about a river.")
    chat.until_state("done", seconds=60)
    counts = chat.page.value("({...document.querySelector(arguments[0]).dataset})", chat.part(".counts"))
    assert int(counts["completion"]) == 60 and int(counts["prompt"]) > 5, counts
    assert float(counts["rate"]) > 0 and float(counts["firstMs"]) > 0, counts
    assert chat.page.text(chat.part(".counts")).strip()


def test_the_text_of_a_reply_grows_while_it_streams(chat):
    long_reply(chat)
    lengths = []
    for _ in range(4):
        lengths.append(len(chat.body))
        chat.page.until(
            "document.querySelector(arguments[0]).textContent.length > arguments[1]", f"{LAST} .body", lengths[-1]
        )
    assert chat.state == "streaming" and lengths == sorted(set(lengths))
    chat.page.click("#stop")
    chat.until_state("stopped")


def test_stopping_ends_the_reply_at_once_and_keeps_its_text(chat):
    long_reply(chat)
    chat.page.until("document.querySelector(arguments[0]).textContent.length > 40", f"{LAST} .body")
    chat.page.run(
        """const reply = document.querySelector(arguments[0]);
        window.times = {};
        document.querySelector("#stop").addEventListener("click", (event) => { times.pressed = event.timeStamp; }, true);
        new MutationObserver(() => { if (reply.dataset.state === "stopped") times.stopped ??= performance.now(); })
            .observe(reply, {attributeFilter: ["data-state"]});""",
        LAST,
    )
    chat.page.click("#stop")
    chat.until_state("stopped")
    # By the page's own clock: the driver's looks take their time, too.
    assert 0 <= chat.page.value("times.stopped - times.pressed") < 2_000
    kept = chat.body
    assert len(kept) > 40 and not chat.page.shown("#stop") and chat.page.shown("#send")
    chat.until_kept('"state":"stopped"')
    chat.page.reload()
    chat.ready()
    chat.until_state("stopped")
    assert chat.body == kept


def test_a_stopped_reply_is_cancelled_on_the_server(chat, server):
    held = chat.proxy.script(Reply().text("one ").hold(NEVER).end())
    chat.send("hello")
    chat.until_state("streaming")
    chat.page.click("#stop")
    assert held.gone.wait(WAIT_SECONDS), "the page kept its connection"


def test_a_stop_before_the_first_word_leaves_the_page_ready(chat):
    held = chat.proxy.script(Reply().hold(NEVER).text("late").end())
    chat.send("hello")
    # A request that had not left the page yet would leave its reply to the next one.
    assert held.started.wait(WAIT_SECONDS)
    chat.page.click("#stop")
    chat.until_state("stopped")
    assert held.gone.wait(WAIT_SECONDS)
    chat.scripted(Reply().text("next").end(), state="done")
    chat.until_says("next")


def test_a_reply_is_regenerated_and_the_old_one_kept(chat):
    chat.scripted(Reply().text("first answer").end(), state="done")
    chat.proxy.script(Reply().text("second answer").end())
    chat.page.click(chat.part("button.regenerate"))
    chat.until_says("second answer")
    chat.until_state("done")
    first, second = chat.proxy.chats()
    assert first["messages"] == second["messages"] == [{"role": "user", "content": "hello"}]
    assert chat.page.text(chat.part(".version")) == "2/2"
    chat.page.click(chat.part("button.previous"))
    chat.until_says("first answer")
    assert chat.page.text(chat.part(".version")) == "1/2"
    chat.until_kept("first answer", "second answer")
    chat.page.reload()
    chat.ready()
    chat.page.until("document.querySelector(arguments[0])?.textContent.includes('/2')", chat.part(".version"))


def test_the_real_model_regenerates(chat):
    chat.page.fill("#p-temperature", "0")
    chat.page.fill("#p-max_tokens", "6")
    chat.send("Say something.")
    chat.until_state("done", seconds=60)
    chat.page.click(chat.part("button.regenerate"))
    chat.page.until("document.querySelector(arguments[0])?.textContent === '2/2'", chat.part(".version"))
    chat.until_state("done", seconds=60)
    assert len(chat.proxy.chats()) == 2


def test_a_reply_that_was_cut_by_its_limit_is_continued(chat):
    chat.scripted(Reply().text("The river").end("length"), state="done")
    assert chat.page.attribute(LAST, "data-finish") == "length"
    chat.proxy.script(Reply().text(" runs on.").end())
    chat.page.click(chat.part("button.continue"))
    chat.until_says("The river runs on.")
    request = chat.proxy.chats()[-1]
    assert request["messages"][-1] == {"role": "assistant", "content": "The river"}
    assert request["continue_final_message"] is True


def test_the_real_server_continues_a_reply(chat):
    chat.page.fill("#p-max_tokens", "4")
    chat.page.fill("#p-temperature", "0")
    chat.send("Write a long story about a river.")
    chat.until_state("done", seconds=60)
    start = chat.body
    chat.page.click(chat.part("button.continue"))
    chat.page.until(
        "document.querySelector(arguments[0]).textContent.length > arguments[1]", f"{LAST} .body", len(start)
    )
    chat.until_state("done", seconds=60)
    assert chat.body.startswith(start.strip())


def test_an_edited_message_is_sent_in_place_of_the_old_one(chat):
    chat.scripted(Reply().text("answer one").end(), "first question", "done")
    chat.scripted(Reply().text("answer two").end(), "second question", "done")
    user = "#messages > article[data-role=user]"
    chat.page.run("document.querySelectorAll(arguments[0])[1].querySelector('button.edit').click()", user)
    chat.page.fill(".edit-text", "another question")
    chat.proxy.script(Reply().text("answer three").end())
    chat.page.click("button.edit-send")
    chat.until_says("answer three")
    assert [message["content"] for message in chat.proxy.chats()[-1]["messages"]] == [
        "first question",
        "answer one",
        "another question",
    ]


def test_parameters_are_sent_as_they_were_set_and_wrong_ones_are_named(chat):
    page = chat.page
    given = {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "max_tokens": 20, "presence_penalty": 0.25}
    given |= {"frequency_penalty": -0.5, "repetition_penalty": 1.1, "seed": 7}
    for name, value in given.items():
        page.fill(f"#p-{name}", str(value))
    page.fill("#p-stop", "END\nSTOP")
    page.fill("#p-schema", '{"type": "object"}')
    page.fill("#system", "Be brief.")
    chat.scripted(Reply().text("{}").end(), state="done")
    request = chat.proxy.chats()[-1]
    assert {name: request.get(name) for name in given} == given
    assert request["stop"] == ["END", "STOP"]
    assert request["messages"][0] == {"role": "system", "content": "Be brief."}
    assert request["response_format"]["json_schema"]["schema"] == {"type": "object"}
    page.fill("#p-temperature", "9")
    page.key("Tab")
    page.until("document.querySelector('#p-temperature').getAttribute('aria-invalid') === 'true'")
    assert page.text("#p-temperature-error").strip()
    sent = len(chat.proxy.chats())
    chat.send("not with this")
    page.until_shown("#error")
    time.sleep(0.5)
    assert len(chat.proxy.chats()) == sent, "a parameter out of range was sent"


def test_reasoning_is_folded_and_a_tool_call_shown(chat):
    reply = Reply().reasoning("First I ", "think.").text("Then I ", "say.").tool_call("weather", '{"city": "Paris"}')
    chat.scripted(reply.end("tool_calls"), state="done")
    assert chat.page.value("document.querySelector(arguments[0]).open", chat.part("details.reasoning")) is False
    chat.page.click(chat.part("details.reasoning > summary"))
    chat.page.until(
        "document.querySelector(arguments[0]).textContent.trim() === 'First I think.'", chat.part(".reasoning-text")
    )
    chat.until_says("Then I say.")
    assert chat.page.attribute(chat.part(".tool-call"), "data-name") == "weather"
    assert "Paris" in chat.page.text(chat.part(".tool-arguments"))


def test_cached_tokens_are_told(chat):
    chat.scripted(Reply().text("hi").end(prompt=70, cached=64, completion=2), state="done")
    counts = chat.page.value("({...document.querySelector(arguments[0]).dataset})", chat.part(".counts"))
    assert (counts["prompt"], counts["cached"], counts["completion"]) == ("70", "64", "2")


def alternatives_of_the_first_token(chat):
    """What is listed for it: texts and probabilities."""
    page = chat.page
    page.click(chat.part("button.tokens"))
    page.click(chat.part(".token-list > button.token"))
    page.until_shown(chat.part(".alternatives li"))
    items = "[...document.querySelectorAll(arguments[0])]"
    return page.value(
        f"{items}.map(e => [e.firstChild.textContent, +e.dataset.probability])", chat.part(".alternatives li")
    )


def test_the_alternatives_of_a_token_are_shown_on_request(chat):
    chat.page.click("#p-alternatives")
    chat.page.fill("#p-max_tokens", "4")
    chat.send("Hello")
    chat.until_state("done", seconds=60)
    chances = [chance for _, chance in alternatives_of_the_first_token(chat)]
    assert len(chances) > 1 and all(0 <= chance <= 1 for chance in chances) and chances == sorted(chances, reverse=True)


def test_a_token_less_likely_than_its_alternatives_is_listed_after_them(chat):
    chat.page.click("#p-alternatives")
    chat.scripted(Reply().token("Odd", -7.0, Hello=-0.5, Hi=-1.5).text("!").end(), state="done")
    listed = alternatives_of_the_first_token(chat)
    assert [text for text, _ in listed] == ["Hello", "Hi", "Odd"]
    assert [chance for _, chance in listed] == pytest.approx([math.exp(-0.5), math.exp(-1.5), math.exp(-7)], abs=1e-6)
    assert chat.page.text(chat.part(".alternatives .chosen code")) == "Odd"


def test_a_draft_is_kept_over_a_reload(chat):
    chat.page.fill("#prompt", "half a thou")
    chat.until_kept("half a thou")
    chat.page.reload()
    chat.ready()
    chat.page.until("document.querySelector('#prompt').value === 'half a thou'")


def test_the_meter_says_how_full_the_context_is(chat):
    chat.scripted(Reply().text("hi").end(prompt=1000, completion=24), state="done")
    assert "1" in chat.page.text("#meter-text")
    value, most = chat.page.value("[document.querySelector('#meter').value, document.querySelector('#meter').max]")
    assert 1000 <= value <= most
