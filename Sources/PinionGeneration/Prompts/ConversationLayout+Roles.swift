import TextGeneration

/// Steps for templates that insist on an order of roles.
extension ConversationLayout {
    /// For templates that refuse an assistant in front of every user, or take its message for a user's: an empty user's
    /// message stands in front of it.
    func withUserFirst(_ messages: [Message], hasTools: Bool) -> [Message] {
        guard let first = messages.firstIndex(where: { !$0.isSystem }) else { return messages }
        // Templates that take calls in front of every user do not count them.
        let isRefused =
            messages[first].isCalling && !traits.allowsCallFirst[hasTools: hasTools]
            || !traits.allowsAssistantFirst[hasTools: hasTools]
                && messages.first(where: { $0.role == .user || $0.isAnswer })?.isAnswer == true
        guard isRefused else { return messages }
        var messages = messages
        messages.insert(Message(.user, ""), at: first)
        return messages
    }

    /// For templates that take one answer between two users, whatever calls stand between them: earlier texts of a turn
    /// go in front of its last one.
    func withOneAnswer(_ messages: [Message]) -> [Message] {
        // Elsewhere the text in front of a call is merged with it.
        guard !traits.allowsAnswersAroundCalls, traits.callContent != .always else { return messages }
        return Self.turns(of: messages).flatMap { turn in
            guard let last = turn.lastIndex(where: \.isAnswer) else { return turn }
            var turn = turn
            turn[last] = Self.merged(of: turn.filter(\.isAnswer))
            return turn.enumerated().filter { $0.offset == last || !$0.element.isAnswer }.map(\.element)
        }
    }

    /// For templates that let no role follow itself: neighbours become one message, and calls and results stay apart.
    func withMergedRoles(_ messages: [Message]) -> [Message] {
        guard !traits.allowsRepeatedRoles else { return messages }
        var groups: [[Message]] = []
        for message in messages {
            // A text would be lost beside a call.
            let isLost = message.isCalling && traits.callContent != .always
            if let last = groups.last?.last, last.role == message.role, message.role != .tool, !last.isCalling, !isLost
            {
                groups[groups.count - 1].append(message)
            } else {
                groups.append([message])
            }
        }
        return groups.map(Self.merged(of:))
    }

    /// For templates that want an answer between two users, and count neither calls nor results: a blank one stands
    /// there.
    func withAnswersBehindResults(_ messages: [Message]) -> [Message] {
        guard !traits.allowsUserBehindResult else { return messages }
        let turns = Self.turns(of: messages)
        return turns.enumerated().flatMap { place, turn in
            let hasStep = turn.contains { $0.isCalling || $0.role == .tool }
            let isWhole = turn.first?.role != .user || !hasStep || turn.contains(where: \.isAnswer)
            return isWhole || place == turns.count - 1 ? turn : turn + [Message(.assistant, Self.blank)]
        }
    }

    /// The messages from one user's to the next; none of the user is in the first turn where another role begins.
    private static func turns(of messages: [Message]) -> [[Message]] {
        var turns: [[Message]] = [[]]
        for message in messages {
            if message.role == .user { turns.append([]) }
            turns[turns.count - 1].append(message)
        }
        return turns
    }

    /// For templates that refuse an answer without a text.
    func withoutEmptyAnswers(_ messages: [Message]) -> [Message] {
        guard !traits.allowsEmptyAnswer else { return messages }
        return messages.map { message in
            let hasThought = message.reasoning != nil && traits.reasoning == .part
            guard message.isAnswer, message.text.isEmpty, !hasThought else { return message }
            var message = message
            message.content = [.text(Self.blank)]
            return message
        }
    }
}
