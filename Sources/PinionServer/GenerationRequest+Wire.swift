package import OpenAIAPI
import PinionEngine
package import PinionGeneration
package import PinionJSON
package import PinionTemplate

extension GenerationRequest {
    /// Takes over every field of a request that decides its text.
    package init(_ request: ChatCompletionRequest, for tenant: Tenant) {
        self.init(
            messages: request.messages.map { message in
                // Templates know `system`; `developer` is OpenAI's newer word for the same.
                let role = message.role == .developer ? ChatMessage.Role.system : message.role
                return Message(
                    role: role.rawValue, content: message.content, name: message.name, toolCallID: message.toolCallID)
            })
        self.tenant = tenant.id
        sampling.temperature = Float(request.temperature)
        sampling.topP = Float(request.topP)
        sampling.topK = request.topK
        sampling.minP = Float(request.minP ?? 0)
        sampling.presencePenalty = Float(request.presencePenalty)
        sampling.frequencyPenalty = Float(request.frequencyPenalty)
        sampling.repetitionPenalty = Float(request.repetitionPenalty ?? 1)
        sampling.logitBias = request.logitBias.mapValues(Float.init)
        sampling.seed = request.seed.map(UInt64.init(bitPattern:)) ?? .random(in: .min ... .max)
        sampling.logprobs = request.logprobs ? request.topLogprobs : nil
        choices = request.n
        maximumTokens = request.maxTokens
        stop = request.stop
        ignoresEnd = request.ignoreEOS
        templateArguments = Dictionary(
            uniqueKeysWithValues: request.chatTemplateArguments.map {
                (TemplateName($0.key.text), TemplateValue($0.value))
            })
    }
}

extension TemplateValue {
    /// The value that a template sees for a request's JSON; its text counts as the request's.
    package init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(Int(value))
        case .bigInteger(let text): self = .double(Double(text) ?? .infinity)
        case .decimal(let value): self = .double(value)
        case .string(let text): self.init(text)
        case .array(let items): self.init(items.map(TemplateValue.init))
        case .object(let object): self.init(object.members.map { ($0.name, TemplateValue($0.value)) })
        }
    }
}
