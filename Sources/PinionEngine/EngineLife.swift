/// The states of an engine, and which event leads from one to another; a pure value.
///
///     var life = EngineLife()        // loading
///     life.handle(.loaded)           // ready
///     life.handle(.failed)           // failed: requests are refused, the engine is being rebuilt
///     life.handle(.stopRequested)    // stopping, whatever else happens
///     life.handle(.ended)            // ended: the memory is free
package struct EngineLife: Sendable, Equatable {
    package enum State: Sendable, CaseIterable {
        /// The model is being loaded for the first time; no caller has a handle yet.
        case loading
        /// Requests are taken.
        case ready
        /// The engine failed, all its sequences have ended, and it is being rebuilt.
        case failed
        /// The engine was told to end, and its thread has not ended yet.
        case stopping
        /// The engine's thread is about to end, and has freed its memory.
        case ended
    }

    package enum Event: Sendable, CaseIterable {
        /// The model is in memory, for the first time or again.
        case loaded
        /// The engine, or an attempt to rebuild it, failed.
        case failed
        case stopRequested
        /// Nothing of the engine is left in memory; also when it could not be loaded the first time.
        case ended
    }

    package private(set) var state = State.loading

    package init() {}

    /// The state that follows; nil where the event cannot happen.
    package static func state(after event: Event, in state: State) -> State? {
        switch (state, event) {
        case (.loading, .loaded), (.failed, .loaded): .ready
        case (.ready, .failed), (.failed, .failed): .failed
        // The thread notices that it has to stop only after what it is at.
        case (.stopping, .loaded), (.stopping, .failed): .stopping
        case (.loading, .stopRequested), (.ready, .stopRequested), (.failed, .stopRequested): .stopping
        case (.stopping, .stopRequested): .stopping
        case (.ended, .stopRequested): .ended
        case (.loading, .ended), (.stopping, .ended): .ended
        case (.ready, .loaded), (.loading, .failed), (.ready, .ended), (.failed, .ended): nil
        case (.ended, .loaded), (.ended, .failed), (.ended, .ended): nil
        }
    }

    /// Goes on to the state that follows, which is returned.
    @discardableResult
    package mutating func handle(_ event: Event) -> State {
        guard let next = Self.state(after: event, in: state) else {
            preconditionFailure("an engine that is \(state) cannot have \(event)")
        }
        state = next
        return next
    }
}
