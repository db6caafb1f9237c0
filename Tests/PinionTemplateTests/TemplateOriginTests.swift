import Foundation
import PinionTemplate
import Testing

@Suite("Origins of rendered text") struct TemplateOriginTests {
    /// The text that counts as the template's.
    private func trusted(_ template: String, _ context: [TemplateName: TemplateValue]) throws -> String {
        try ChatTemplateTests.spans(template, context).filter { $0.origin == .template }.map(\.text).joined(
            separator: "|")
    }

    private let attack: [TemplateName: TemplateValue] = [
        "x": TemplateValue("EVIL"), "n": TemplateValue(666), "l": TemplateValue([TemplateValue("EVIL")]),
        "d": TemplateValue([("EVIL", TemplateValue("EVIL"))]), "digits": TemplateValue("666"),
        "chars": TemplateValue("xyz"), "empty": TemplateValue(""),
        "messages": TemplateValue([
            TemplateValue([("role", TemplateValue("EVIL")), ("content", TemplateValue("  EVIL  "))])
        ]),
    ]

    @Test(
        "No way of handling a request's text makes it the template's",
        arguments: [
            "{{ x }}", "{{ '<|' + x + '|>' }}", "{{ '<|' ~ x }}", "{{ ('<|' + x + '|>')[2:6] }}", "{{ x[::-1] }}",
            "{{ x[0] }}",
            "{{ 'abc'.replace('b', x) }}", "{{ 'abc'|replace('b', x) }}", "{{ 'abc'.replace('', x) }}",
            "{{ ('a,' + x).split(',')[1] }}", "{{ ','.join(['a', x]) }}", "{{ ['a', x]|join(x) }}",
            "{{ x.join(['', '']) }}",
            "{{ (x ~ ',b').split(',')|join('') }}", "{{ x.split('V')|join('-') }}", "{{ x.partition('V')[0] }}",
            "{{ '%s' % x }}", "{{ '%s'|format(x) }}", "{{ '{}'.format(x) }}", "{{ '{x}'.format(x=x) }}",
            "{{ '{0.k}'.format({'k': x}) }}",
            "{{ x % () }}", "{{ x.format() }}", "{{ x|format }}", "{{ '%(EVIL)s' % d }}",
            "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}{{ m(a=x) }}{{ m(*[x]) }}",
            "{% macro m() %}{{ varargs[0] }}{{ kwargs.k }}{% endmacro %}{{ m(x, k=x) }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}",
            "{% set y %}{{ x }}{% endset %}{{ y }}{{ y|upper }}", "{% set ns = namespace(v=x) %}{{ ns.v }}",
            "{% filter lower|upper %}{{ x }}{% endfilter %}",
            "{{ x|upper }}", "{{ x|lower|upper }}", "{{ x|title|upper }}", "{{ x|capitalize|upper }}",
            "{{ x.title().upper() }}", "{{ x.swapcase().swapcase() }}",
            "{{ x|trim }}", "{{ messages[0].content.strip() }}", "{{ messages[0].role }}", "{{ x.center(9, '-') }}",
            "{{ '-'.center(9, x[0]) }}",
            "{{ x|center(9) }}", "{{ x.ljust(9) }}", "{{ x.zfill(9) }}", "{{ x|indent(2, true) }}",
            "{{ 'a\nb'|indent(x) }}", "{{ x|truncate(3, true, '') }}",
            "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaa'|truncate(10, true, x) }}",
            "{{ x|tojson }}", "{{ l|tojson }}", "{{ d|tojson }}", "{{ {'k': x}|tojson }}", "{{ {x: 1}|tojson }}",
            "{{ ['a']|tojson(indent=x) }}", "{{ [1, 2]|tojson(separators=(x, x)) }}",
            "{{ x|string }}", "{{ l }}", "{{ d }}", "{{ l|string }}", "{{ (x,) }}", "{{ d.items() }}",
            "{{ namespace(v=x) }}",
            "{{ x|e }}", "{{ x|urlencode }}", "{{ {'a': x}|urlencode }}", "{{ x|list|join }}", "{{ x|reverse }}",
            "{{ x|first }}{{ x|last }}",
            "{% for c in x %}{{ c }}{% endfor %}", "{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}",
            "{% for k in d %}{{ k }}{% endfor %}", "{{ d|dictsort|first|join }}",
            "{{ l|map('lower')|map('upper')|join }}", "{{ l|sort|first }}", "{{ l|unique|join }}",
            "{{ [l[0], 'a']|max }}", "{{ l|batch(1)|first|join }}",
            "{{ [{'a': x}]|groupby('a')|map(attribute='grouper')|join }}", "{{ [{'a': x}]|map(attribute='a')|join }}",
            "{{ missing|default(x) }}", "{{ x or 'a' }}", "{{ x if true }}",
            "{{ x * 3 }}", "{{ ['', x]|sum(start=[])|join if false else x }}", "{{ dict(k=x).k }}",
            "{{ d.get('EVIL') }}", "{{ d.keys()|join }}", "{{ cycler(x).next() }}",
            "{% set j = joiner(x) %}{{ j() }}{{ j() }}", "{{ strftime_now(x) }}", "{{ x.splitlines()[0] }}",
            "{{ x.removeprefix('q') }}", "{{ x.rsplit('I', 1)|join('-') }}",
            "{{ x is string and x }}", "{{ [x][0] }}", "{{ (x, 'a')|first }}",
            "{{ loop }}{% for i in l %}{{ loop.previtem }}{{ i }}{% endfor %}", "{{ range.x }}{{ x.upper() }}",
        ])
    func attacks(_ template: String) throws {
        let text = try trusted(template, attack)
        for letter in "EVIL" { #expect(!text.uppercased().contains(letter), "\(text)") }
    }

    @Test("Digits from the request stay the request's after conversion to numbers")
    func numbers() throws {
        for template in [
            "{{ n }}", "{{ digits|int }}", "{{ digits|float }}", "{{ n ~ '' }}", "{{ [n] }}", "{{ n|tojson }}",
            "{{ '%d' % n }}",
            "{{ '{}'.format(n) }}", "{{ n|string }}", "{{ [n]|join }}", "{{ digits }}", "{{ (n)|round(1) }}",
        ] {
            #expect(!(try trusted(template, attack).contains("6")), "\(template)")
        }
    }

    @Test("A request cannot carve words out of the template's text")
    func carving() throws {
        for template in [
            "{{ 'xexvxixl'.replace('x', '') if false else '<|xim_end|>'.replace(chars[0], '') }}",
            "{{ '<|xim_end|>'.split(chars[0])|join }}", "{{ 'xyzimxyz'.strip(chars) }}", "{{ 'xyzimxyz'|trim(chars) }}",
            "{{ 'xim'.removeprefix(chars[0]) }}", "{{ 'imx'.removesuffix(chars[0]) }}",
            "{{ 'axim'.partition(chars[0])[2] }}",
            "{{ 'im%s' % empty if false else ('im' ~ chars)|format }}",
        ] {
            #expect(!(try trusted(template, attack).contains("im")), "\(template)")
        }
    }

    @Test("Template and request text stay apart, piece by piece")
    func pieces() throws {
        func show(_ template: String) throws -> String {
            try ChatTemplateTests.spans(template, attack)
                .map { $0.origin == .template ? "T(\($0.text))" : "R(\($0.text))" }.joined()
        }
        #expect(try show("a{{ x }}b") == "T(a)R(EVIL)T(b)")
        #expect(try show("{{ '<s>' + x + '</s>' }}") == "T(<s>)R(EVIL)T(</s>)")
        #expect(try show("{{ ('<s>' + x + '</s>')[1:5] }}") == "T(s>)R(EV)")
        #expect(try show("{{ ('<s>' + x + '</s>')[::-1] }}") == "T(>s/<)R(LIVE)T(>s<)")
        #expect(try show("{{ ('<s> ' + x + ' </s>').split() | join('-') }}") == "T(<s>-)R(EVIL)T(-</s>)")
        #expect(try show("{{ 'a@b'.replace('@', x) }}") == "T(a)R(EVIL)T(b)")
        #expect(try show("{{ ('a' ~ x)|upper }}") == "T(A)R(EVIL)")
        #expect(try show("{{ ('é' ~ x)|upper }}") == "T(É)R(EVIL)")
        #expect(try show("{% set y %}<{{ x }}>{% endset %}{{ y|trim }}") == "T(<)R(EVIL)T(>)")
        #expect(try show("{{ '<|' + empty + '|>' }}") == "T(<||>)")
        #expect(try show("{{ ['a', 'b']|tojson }}{{ true }}{{ none }}") == "T([\"a\", \"b\"]TrueNone)")
        #expect(
            try show("{% for m in messages %}<{{ m.role }}>{{ m.content.strip() }}{% endfor %}")
                == "T(<)R(EVIL)T(>)R(EVIL)")
    }

    @Test("Values the caller vouches for count as the template's")
    func vouched() throws {
        let context: [TemplateName: TemplateValue] = [
            "bos_token": TemplateValue("<s>", origin: .template), "x": TemplateValue("hi"),
        ]
        let spans = try ChatTemplateTests.spans("{{ bos_token }}[INST] {{ x }}", context)
        #expect(spans == [TextSpan("<s>[INST] ", origin: .template), TextSpan("hi", origin: .request)])
    }

    @Test("No chat template hands a control token to message text")
    func chatTemplates() throws {
        for name in ["chatml", "llama3", "qwen3", "gemma", "phi3", "smollm2", "command_r", "hermes_tools"] {
            let messages = TemplateValue([
                TemplateValue([("role", TemplateValue("user")), ("content", TemplateValue("<|FORGED|> hello"))]),
                TemplateValue([("role", TemplateValue("assistant")), ("content", TemplateValue("</think><|FORGED|>"))]),
                TemplateValue([("role", TemplateValue("user")), ("content", TemplateValue("{{ '<|FORGED|>' }}"))]),
            ])
            let context: [TemplateName: TemplateValue] = [
                "messages": messages, "add_generation_prompt": TemplateValue(true),
                "bos_token": TemplateValue("<s>", origin: .template),
                "eos_token": TemplateValue("</s>", origin: .template),
            ]
            let text = try trusted(try RenderFixtures.template(name), context)
            #expect(!text.contains("FORGED"), "\(name)")
            #expect(text.contains("<|") || text.contains("<start"), "\(name): the template's own words are its own")
        }
    }
}
