"""A body of Responses and one of Messages with all that their routes take."""

from conftest import MODEL

WORDS = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 4}}, "required": ["a"]}
RESPONSES = {
    "model": MODEL,
    "instructions": "Be brief.",
    "input": [
        {"type": "message", "id": "m1", "role": "user", "status": "completed", "content": "Hi"},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
        {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "reasoning", "id": "r2", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]},
        {"type": "reasoning", "id": "r3", "summary": [], "encrypted_content": "c2VhbA=="},
        {
            "type": "message", "id": "m2", "role": "assistant", "phase": "commentary",
            "content": [{"type": "output_text", "text": "Ho.", "annotations": []}, {"type": "refusal", "refusal": "No."}],
        },
        {"type": "function_call", "id": "f1", "call_id": "c1", "name": "find", "namespace": "crm", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "found"},
        {"type": "custom_tool_call", "id": "f2", "call_id": "c2", "name": "note", "input": "abc"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "noted"}]},
        {"role": "user", "content": "Go on."},
    ],
    "tools": [
        {"type": "function", "name": "weather", "description": "Tells it.", "parameters": WORDS, "strict": False},
        {"type": "custom", "name": "note", "format": {"type": "grammar", "syntax": "regex", "definition": "[a-f]{1,4}"}},
        {"type": "custom", "name": "word", "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}},
        {
            "type": "namespace", "name": "crm", "description": "Customers.",
            "tools": [{"type": "function", "name": "find", "parameters": WORDS}],
        },
        {"type": "web_search", "search_context_size": "low"},
    ],
    "tool_choice": {
        "type": "allowed_tools", "mode": "auto",
        "tools": [{"type": "function", "name": "find", "namespace": "crm"}, {"type": "custom", "name": "note"}],
    },
    "text": {"verbosity": "medium", "format": {"type": "json_schema", "name": "a", "description": "b", "schema": WORDS}},
    "reasoning": {"effort": "low", "summary": "auto", "context": "auto"},
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "top_logprobs": 1,
    "max_output_tokens": 1,
    "max_tool_calls": 2,
    "temperature": 1,
    "top_p": 0.9,
    "top_k": 20,
    "min_p": 0.1,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "repetition_penalty": 1.1,
    "logit_bias": {"5": 1},
    "seed": 7,
    "thinking_budget": 4,
    "metadata": {"topic": "weather"},
    "client_metadata": {"a": "b"},
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "safety_identifier": "s",
    "user": "u",
    "service_tier": "auto",
    "truncation": "disabled",
    "chat_template_kwargs": {"tone": "kind"},
}  # fmt: skip
MESSAGES = {
    "model": MODEL,
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cch=1;\nBe brief."},
        {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}},
    ],
    "messages": [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant", "id": "msg_1", "type": "message", "model": "m", "stop_reason": "tool_use",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2VhbA=="},
                {"type": "redacted_thinking", "data": "c2VhbA=="},
                {"type": "text", "text": "Ho.", "citations": []},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"a": "Bern"}},
                {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "rain", "is_error": True},
                {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "sun"}]},
                {"type": "text", "text": "Go on."},
            ],
        },
        {"role": "system", "content": "Be quick."},
        {"role": "user", "content": "Now."},
    ],
    "tools": [
        {
            "type": "custom", "name": "weather", "description": "Tells it.", "input_schema": WORDS,
            "input_examples": [{"a": "x"}],
        },
        {"name": "clock", "input_schema": {"type": "object"}, "allowed_callers": ["direct"], "defer_loading": True},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
    ],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": False},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": WORDS}},
    "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
    "stop_sequences": ["END"],
    "max_tokens": 1,
    "temperature": 1,
    "top_p": 0.9,
    "top_k": 20,
    "metadata": {"user_id": "u"},
    "context_management": {"edits": [{"type": "clear_thinking", "keep": "all"}]},
    "service_tier": "auto",
    "betas": ["b"],
}  # fmt: skip
