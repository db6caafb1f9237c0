package import CoreMetrics
import PinionMetrics

/// The handlers of one model's metrics, made once, because they are used for every token.
package struct ModelMetrics: Sendable {
    /// What the status page tells of the model.
    package let activity: ModelActivity
    package let firstToken: Timer
    package let gap: Timer
    package let step: Timer
    package let promptTokens: Counter
    package let cachedTokens: Counter
    package let generatedTokens: Counter
    package let computedTokens: Counter
    package let draftedTokens: Counter
    package let acceptedTokens: Counter
    package let preemptions: Counter
    package let failures: Counter
    package let compilations: Counter
    package let foundGrammars: Counter
    package let forcedTokens: Counter
    package let toolCalls: Counter
    package let degradedReplies: Counter
    package let compileTime: Timer
    package let maskTime: Timer
    package let running: Meter
    package let waiting: Meter
    package let usedBlocks: Meter
    package let cachedBlocks: Meter
    package let freeBlocks: Meter

    init(model: String, activity: ModelActivity, factory: any MetricsFactory) {
        self.activity = activity
        func timer(_ name: String) -> Timer { Timer(label: name, dimensions: [("model", model)], factory: factory) }
        func counter(_ name: String) -> Counter {
            Counter(label: name, dimensions: [("model", model)], factory: factory)
        }
        func gauge(_ name: String, _ state: String) -> Meter {
            Meter(label: name, dimensions: [("model", model), ("state", state)], factory: factory)
        }
        typealias Name = ServerMetrics.Name
        firstToken = timer(Name.firstTokenSeconds)
        gap = timer(Name.gapSeconds)
        step = timer(Name.stepSeconds)
        promptTokens = counter(Name.promptTokens)
        cachedTokens = counter(Name.cachedTokens)
        generatedTokens = counter(Name.generatedTokens)
        computedTokens = counter(Name.computedTokens)
        draftedTokens = counter(Name.draftedTokens)
        acceptedTokens = counter(Name.acceptedTokens)
        preemptions = counter(Name.preemptions)
        failures = counter(Name.failures)
        compilations = counter(Name.compilations)
        foundGrammars = counter(Name.foundGrammars)
        forcedTokens = counter(Name.forcedTokens)
        toolCalls = counter(Name.toolCalls)
        degradedReplies = counter(Name.degradedReplies)
        compileTime = timer(Name.compileSeconds)
        maskTime = timer(Name.maskSeconds)
        running = gauge(Name.sequences, "running")
        waiting = gauge(Name.sequences, "waiting")
        usedBlocks = gauge(Name.blocks, "used")
        cachedBlocks = gauge(Name.blocks, "cached")
        freeBlocks = gauge(Name.blocks, "free")
    }
}
