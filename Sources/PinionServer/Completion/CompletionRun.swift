import OpenAIAPI

/// Why a completion was given up: the client closed its side or the connection broke.
struct ClientDisconnected: Error {}

/// One completion being made, in a task of its own, until it ends or nobody wants it any more.
///
/// Releasing the run cancels the generation. So do the client's departure and the end of the server's grace period:
/// both reach the waiting consumer at once, even if the generator is slow to notice.
final class CompletionRun: Sendable {
    private let mailbox: EventMailbox
    private let pump: Task<Void, Never>
    private let registrations: [(signal: OneShotSignal, token: OneShotSignal.Token)]

    /// - Parameters:
    ///   - closed: fires when the client is gone; nil where nothing can tell.
    ///   - stopped: fires when requests in flight have had their time.
    init(
        _ request: ChatCompletionRequest, by generator: any TextGenerator, for tenant: Tenant, meter: CompletionMeter,
        closed: OneShotSignal?, stopped: OneShotSignal
    ) {
        let mailbox = EventMailbox()
        let pump = Task {
            var meter = meter
            do {
                for try await event in try await generator.generate(request, for: tenant) {
                    meter.observe(event)
                    guard await mailbox.put(event) else { return }
                }
                mailbox.finish(.success(()))
            } catch {
                mailbox.finish(.failure(error))
            }
        }
        func abort(on signal: OneShotSignal, with error: any Error) -> (OneShotSignal, OneShotSignal.Token) {
            let token = signal.onFire {
                mailbox.abort(error)
                pump.cancel()
            }
            return (signal, token)
        }
        var registrations = [abort(on: stopped, with: APIError.stopping)]
        if let closed { registrations.append(abort(on: closed, with: ClientDisconnected())) }
        self.mailbox = mailbox
        self.pump = pump
        self.registrations = registrations
    }

    deinit {
        cancel()
    }

    /// Ends the generation; harmless after its end.
    func cancel() {
        for (signal, token) in registrations { signal.forget(token) }
        mailbox.abort(CancellationError())
        pump.cancel()
    }

    /// What came since the last call, or what comes next.
    ///
    /// - Throws: the generator's error, ``ClientDisconnected``, or the `APIError` of a stopping server.
    func next() async throws -> EventMailbox.Delivery {
        try await mailbox.next()
    }

    /// Interrupts ``next()`` with `.silence` whenever nothing was delivered for an interval, until cancelled.
    func announceSilence(every interval: Duration) -> Task<Void, Never> {
        Task { [mailbox] in
            var wait = interval
            while (try? await Task.sleep(for: wait)) != nil {
                wait = mailbox.tick(after: interval)
            }
        }
    }
}
