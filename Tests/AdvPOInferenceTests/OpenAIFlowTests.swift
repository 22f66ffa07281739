import AdvPOInference
import AdvPOModel
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing

@Suite("Cancellation, time limits and concurrency", .timeLimit(.minutes(1)))
struct OpenAIFlowTests {
    /// A stream that begins and never goes on; tells when it began and when the client closed the connection.
    private static func endless(_ request: Request, began: Signal, closed: Signal) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                defer { closed.open() }
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await writer.write(ByteBuffer(string: Response.delta("and so")))
                    began.open()
                    await Signal().wait()
                }
            })
    }

    @Test("cancelling a call in mid-stream closes the connection")
    func cancelInStream() async throws {
        let (began, closed) = (Signal(), Signal())
        let failure = try await ScriptedServer.run(collectsBodies: false, { Self.endless($0.request, began: began, closed: closed) }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { provider in
                let call = Task { try await ProviderFixture.failure(provider) }
                await began.wait()
                call.cancel()
                let failure = try await call.value
                await closed.wait()
                return failure
            }
        }
        #expect(failure.kind == .cancelled)
        #expect(failure.attempts == 1)
    }

    @Test("cancelling a call before its response begins closes the connection")
    func cancelBeforeHead() async throws {
        let (began, closed) = (Signal(), Signal())
        let failure = try await ScriptedServer.run(
            collectsBodies: false,
            { arrival in
                defer { closed.open() }
                try await arrival.request.body.consumeWithCancellationOnInboundClose { _ in
                    began.open()
                    await Signal().wait()
                }
                return .answer("never")
            }
        ) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { provider in
                let call = Task { try await ProviderFixture.failure(provider) }
                await began.wait()
                call.cancel()
                let failure = try await call.value
                await closed.wait()
                return failure
            }
        }
        #expect(failure.kind == .cancelled)
    }

    @Test("a call that is cancelled before it begins sends nothing")
    func cancelledFromTheStart() async throws {
        try await ScriptedServer.run({ _ in .answer("x") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { provider in
                let go = Signal()
                let call = Task {
                    await go.wait()
                    return try await ProviderFixture.failure(provider)
                }
                call.cancel()
                go.open()
                let failure = try await call.value
                #expect(failure.kind == .cancelled)
                #expect(failure.attempts == 0)
            }
            #expect(server.arrivals.isEmpty)
        }
    }

    @Test("an answer that does not end within the time limit is broken off and tried again")
    func timeLimit() async throws {
        let fixture = ProviderFixture()
        let (began, closed) = (Signal(), Signal())
        let completion = try await ScriptedServer.run(
            collectsBodies: false,
            { arrival in arrival.number == 1 ? Self.endless(arrival.request, began: began, closed: closed) : .answer("in time") }
        ) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { provider in
                async let answer = provider.complete(ProviderFixture.request())
                await began.wait()
                fixture.clock.releaseHeldOnce()
                await closed.wait()
                return try await answer
            }
        }
        #expect(completion.text == "in time")
        #expect(completion.attempts == 2)
        #expect(fixture.log.text.contains("no complete answer within 600 s (limits.timeoutSeconds)"))
    }

    @Test("never more requests than the limit are under way, and all are answered")
    func concurrencyLimit() async throws {
        var fixture = ProviderFixture()
        fixture.limits.concurrency = 3
        let open = Signal()
        try await ScriptedServer.run({ _ in
            await open.wait()
            return .answer("ok")
        }) { [fixture] server in
            try await fixture.withProvider(baseURL: server.baseURL) { provider in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<10 { group.addTask { try await provider.complete(ProviderFixture.request()).text } }
                    while server.arrivals.count < 3 || provider.waitingCalls(modelID: "m") != 7 { await Task.yield() }
                    #expect(server.arrivals.count == 3)
                    open.open()
                    var answers: [String] = []
                    for try await answer in group { answers.append(answer) }
                    #expect(answers == Array(repeating: "ok", count: 10))
                }
            }
            #expect(server.arrivals.count == 10)
            #expect(server.mostUnderWay == 3)
        }
    }

    @Test("a waiting call that is cancelled leaves the queue and takes no place")
    func cancelWhileWaiting() async throws {
        var fixture = ProviderFixture()
        fixture.limits.concurrency = 1
        let open = Signal()
        try await ScriptedServer.run({ _ in
            await open.wait()
            return .answer("ok")
        }) { [fixture] server in
            try await fixture.withProvider(baseURL: server.baseURL) { provider in
                async let first = provider.complete(ProviderFixture.request())
                while server.arrivals.isEmpty { await Task.yield() }
                let second = Task { try await ProviderFixture.failure(provider) }
                while provider.waitingCalls(modelID: "m") != 1 { await Task.yield() }
                second.cancel()
                let failure = try await second.value
                #expect(failure.kind == .cancelled)
                #expect(failure.attempts == 0)
                open.open()
                #expect(try await first.text == "ok")
                #expect(try await provider.complete(ProviderFixture.request()).text == "ok")
            }
            #expect(server.arrivals.count == 2)
        }
    }

    @Test("a stream that says [DONE] has answered, even if its connection stays open")
    func openAfterDone() async throws {
        let completion = try await ScriptedServer.run({ _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: Response.delta("ok") + "data: [DONE]\n\n"))
                    await Signal().wait()
                })
        }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.text == "ok")
    }
}
