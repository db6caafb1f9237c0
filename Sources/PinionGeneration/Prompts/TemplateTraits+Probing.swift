import PinionJSON
import PinionTemplate

extension TemplateTraits {
    private typealias Word = TemplateProbe.Word

    init(_ template: ChatTemplate, specials: [TemplateName: TemplateValue]) {
        self.init()
        var probe = TemplateProbe(template, specials: specials)
        probeToolVariable(&probe)
        showsTools = probe.shows([TemplateProbe.user], Word.tool, tools: true)
        // Of a template that shows nothing of a message nothing can be told.
        guard probe.shows([TemplateProbe.user], Word.user) else {
            calls = .object
            return
        }
        allowsTypeLists =
            probe.render([TemplateProbe.user], with: [TemplateProbe.optionalTool]) != nil
            || probe.render([TemplateProbe.user], with: [TemplateProbe.optionalTool.withSingleTypes]) == nil
        probeSystem(probe)
        probeOrder(probe)
        calls = Self.callArguments(probe)
        probeReasoning(probe)
        if let calls {
            probeResults(probe, calls)
            probeCalls(probe, calls)
            probeOrderOfCalls(probe, calls)
        } else {
            showsResults = probe.shows([TemplateProbe.user, TemplateProbe.answer, TemplateProbe.result()], Word.result)
        }
        probeEfforts(probe)
    }

    /// Hermes asks for the length of the tools, and Firefunction joins `functions` to a text: without them, both refuse
    /// every request.
    private mutating func probeToolVariable(_ probe: inout TemplateProbe) {
        for variable in ToolVariable.allCases {
            probe.toolVariable = variable
            if probe.shows([TemplateProbe.user], Word.user) {
                toolVariable = variable
                return
            }
        }
        probe.toolVariable = toolVariable
    }

    // MARK: - Messages

    private mutating func probeSystem(_ probe: TemplateProbe) {
        let (system, user, answer) = (TemplateProbe.system, TemplateProbe.user, TemplateProbe.answer)
        let later = TemplateProbe.message("system", Word.laterSystem)
        allowsLastSystem = probe.shows([user, system], Word.user, Word.system)
        // Some templates show one system message, whichever place it has, so that there have to be two.
        let isAnywhere =
            probe.shows([user, answer, system, TemplateProbe.laterUser], Word.system, Word.later)
            && probe.shows(
                [system, user, answer, later, TemplateProbe.laterUser], Word.system, Word.laterSystem, Word.later)
        if !isAnywhere { self.system = probe.shows([system, user], Word.system, Word.user) ? .first : .nowhere }
        allowsSystemAlone = ToolDependent(
            withoutTools: probe.shows([system], Word.system), withTools: probe.shows([system], Word.system, tools: true)
        )
    }

    private mutating func probeOrder(_ probe: TemplateProbe) {
        let (user, laterUser, answer) = (TemplateProbe.user, TemplateProbe.laterUser, TemplateProbe.answer)
        allowsRepeatedRoles = probe.shows([user, laterUser], Word.user, Word.later)
        let isRefused =
            !probe.shows([answer, user], Word.answer, Word.user)
            && probe.shows([TemplateProbe.message("user", ""), answer, user], Word.answer, Word.user)
        allowsAssistantFirst = ToolDependent(withoutTools: !isRefused, withTools: !isRefused)
        let blank = TemplateProbe.message("assistant", ConversationLayout.blank)
        allowsEmptyAnswer =
            probe.shows([user, TemplateProbe.message("assistant", ""), laterUser], Word.user)
            || !probe.shows([user, blank, laterUser], Word.user)
    }

    private mutating func probeReasoning(_ probe: TemplateProbe) {
        for field in ["reasoning_content", "thinking", "reasoning"] {
            let thought = (field, TemplateValue(Word.thought))
            let answer = TemplateProbe.message("assistant", Word.answer, thought)
            let call = TemplateProbe.calling(calls ?? .object, thought)
            // Some templates show thoughts only beside a call that was answered, and some only while thinking is on.
            for variables in [[:], TemplateProbe.thinking] {
                if probe.shows([TemplateProbe.user, answer], Word.thought, variables: variables)
                    || probe.shows(
                        [TemplateProbe.user, call, TemplateProbe.result()], Word.thought, tools: true,
                        variables: variables)
                {
                    reasoning = .field(field)
                    return
                }
            }
        }
        let parts = TemplateValue([
            ("role", TemplateValue("assistant")),
            ("content", ConversationLayout.parts(thought: Word.thought, text: Word.answer)),
        ])
        // A template that shows any list shows the names in it, too.
        if let prompt = probe.render([TemplateProbe.user, parts, TemplateProbe.laterUser]),
            prompt.contains(Word.thought), prompt.contains(Word.answer), !prompt.contains("\"type\""),
            !prompt.contains("'type'")
        {
            reasoning = .part
        }
    }

    private mutating func probeEfforts(_ probe: TemplateProbe) {
        func isTaken(_ effort: String) -> Bool {
            probe.shows([TemplateProbe.user], Word.user, variables: ["reasoning_effort": TemplateValue(effort)])
        }
        let efforts = ["minimal", "low", "medium", "high", "xhigh", "max"]
        let taken = efforts.map(isTaken)
        for (place, effort) in efforts.enumerated() where !taken[place] {
            // Of two neighbours the higher one: thinking too long costs less than a wrong answer.
            let nearest = efforts.indices.filter { taken[$0] }.min {
                (abs($0 - place), -$0) < (abs($1 - place), -$1)
            }
            if let nearest { otherEfforts[ProtocolWord(effort)] = efforts[nearest] }
        }
    }

    // MARK: - Calls and results

    /// The form of arguments that the template writes as JSON; nil where it shows no call.
    private static func callArguments(_ probe: TemplateProbe) -> Arguments? {
        var shown: Arguments?
        for form in [Arguments.object, .text] {
            // Some templates show a call only once it was answered, and some no answers. The value tells: the name
            // stands in the declaration of the tool, too.
            let call = TemplateProbe.calling(form)
            let conversations = [
                [TemplateProbe.user, call, TemplateProbe.result()],
                [TemplateProbe.user, call, TemplateProbe.laterUser],
                [TemplateProbe.user, call],
            ]
            let prompts = conversations.lazy.compactMap { probe.render($0, tools: true) }
            guard let prompt = prompts.first(where: { $0.contains(Word.value) }) else { continue }
            // Arguments that were quoted once too often, or shown as Python shows them, were meant in the other form.
            let isQuoted = prompt.contains("\\\"\(Word.value)") || prompt.contains("'\(Word.value)'")
            if !isQuoted { return form }
            // A template that shows both in the wrong way still shows them.
            shown = shown ?? form
        }
        return shown
    }

    private mutating func probeResults(_ probe: TemplateProbe, _ form: Arguments) {
        let user = TemplateProbe.user
        func turn(_ id: String) -> [TemplateValue] {
            [user, TemplateProbe.calling([TemplateProbe.call(form, id: id)]), TemplateProbe.result(id)]
        }
        showsResults = probe.shows(turn(TemplateProbe.identifier), Word.result, tools: true)
        guard showsResults else { return }
        wantsShortIdentifiers = probe.render(turn(TemplateProbe.longIdentifier), tools: true) == nil
        let result = TemplateProbe.result(name: nil)
        showsLoneResults =
            probe.shows([user, result], Word.result, tools: true)
            && probe.shows([result, user], Word.result, Word.user, tools: true)
        showsResultsBehindSystem = probe.shows(
            [user, TemplateProbe.calling(form), TemplateProbe.system, result], Word.result, tools: true)
        // Two calling messages in a row, as some clients send parallel calls.
        func row(name: String?) -> [TemplateValue] {
            let other = TemplateProbe.call(form, id: TemplateProbe.otherIdentifier)
            return [
                user, TemplateProbe.calling(form), TemplateProbe.calling([other]),
                TemplateProbe.result(name: name), TemplateProbe.result(TemplateProbe.otherIdentifier, name: name),
            ]
        }
        wantsResultNames =
            probe.render(row(name: nil), tools: true) == nil && probe.render(row(name: Word.tool), tools: true) != nil
    }

    /// The result of a call as the template gets it: a text of the user where it shows no results.
    private func result(_ id: String = TemplateProbe.identifier) -> TemplateValue {
        showsResults ? TemplateProbe.result(id) : TemplateProbe.message("user", Word.result)
    }

    private mutating func probeCalls(_ probe: TemplateProbe, _ form: Arguments) {
        let (user, answer) = (TemplateProbe.user, TemplateProbe.answer)
        let other = TemplateProbe.call(form, id: TemplateProbe.otherIdentifier, value: Word.otherValue)
        let pair = TemplateProbe.calling([TemplateProbe.call(form), other])
        showsParallelCalls = probe.shows(
            [user, pair, result(), result(TemplateProbe.otherIdentifier)], Word.value,
            Word.otherValue, tools: true)
        let texted = [user, TemplateProbe.calling(form, content: Word.text), result()]
        if !probe.shows(texted, Word.text, Word.value, tools: true) {
            callContent = .never
        } else if !probe.shows(texted + [answer, TemplateProbe.laterUser], Word.text, Word.value, tools: true) {
            callContent = .untilAnswer
        }
        if case .field(let field)? = reasoning {
            let thought = (field, TemplateValue(Word.thought))
            func isTaken(_ content: String) -> Bool {
                probe.render(
                    [user, TemplateProbe.calling(form, content: content, thought), result()], tools: true)
                    != nil
            }
            allowsThoughtBesideContent = isTaken(Word.text) || !isTaken("")
        }
    }

    /// What becomes of the order of roles and of the system message where there are calls.
    private mutating func probeOrderOfCalls(_ probe: TemplateProbe, _ form: Arguments) {
        let (user, laterUser, answer) = (TemplateProbe.user, TemplateProbe.laterUser, TemplateProbe.answer)
        let step = [TemplateProbe.calling(form), result()]
        func isTakenFirst(tools: Bool) -> Bool {
            probe.shows(step + [user], Word.value, Word.user, tools: tools)
                || !probe.shows(
                    [TemplateProbe.message("user", "")] + step + [user], Word.value, Word.user, tools: tools)
        }
        allowsCallFirst = ToolDependent(
            withoutTools: isTakenFirst(tools: false), withTools: isTakenFirst(tools: true))
        // Llama 3 takes the first message for the user's where there are tools, which hides only a call.
        if !allowsCallFirst.withTools { allowsAssistantFirst.withTools = false }
        allowsAnswersAroundCalls = probe.shows(
            [user, answer] + step + [TemplateProbe.message("assistant", Word.later)], Word.answer, Word.later,
            tools: true)
        let blank = TemplateProbe.message("assistant", ConversationLayout.blank)
        allowsUserBehindResult =
            probe.shows([user] + step + [laterUser], Word.user, Word.later, tools: true)
            || !probe.shows([user] + step + [blank, laterUser], Word.user, Word.later, tools: true)
        showsSystemInSteps =
            system == .nowhere || probe.shows([TemplateProbe.system, user] + step, Word.system, tools: true)
    }
}
