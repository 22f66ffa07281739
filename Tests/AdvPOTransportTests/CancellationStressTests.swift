import AdvPOModel
import AdvPOTransport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CancellationStressTests {
    @Test("2,000 requests cancelled at random moments all end, and the connection still works", arguments: Wiring.allCases)
    func cancelledAtRandom(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        try await withServer(network) { request in
            if request.message.first == 1 { await Gate().passed() }
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            let outcomes = await withTaskGroup(of: TransportError.Code?.self) { group in
                for number in 0..<2_000 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(number))
                        // A quarter is never answered by the server: their end is the cancel alone.
                        let message: [UInt8] = [number.isMultiple(of: 4) ? 1 : 0]
                        let request = Task { try await requester.request(message, timeoutMilliseconds: 3_600_000) }
                        for _ in 0..<Int.random(in: 0...30, using: &generator) { await Task.yield() }
                        request.cancel()
                        return await code { try await request.value }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count == 2_000)
            #expect(outcomes.allSatisfy { $0 == nil || $0 == .cancelled })
            #expect(outcomes.contains(.cancelled))
            let answer = try await requester.request([0, 7], timeoutMilliseconds: 20_000)
            #expect(answer == [0, 7])
            await requester.close()
        }
    }

    @Test("requesters that come, ask and close in a row leave the server well", arguments: Wiring.allCases)
    func comeAndGo(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let requester = try network.requester(for: replier.address)
                        let answer = try await requester.request(bytes("\(number)"), timeoutMilliseconds: 30_000)
                        #expect(answer == bytes("\(number)"))
                        let pending = Task { try await requester.request(bytes("pending"), timeoutMilliseconds: 30_000) }
                        await requester.close()
                        let outcome = await code { try await pending.value }
                        #expect(outcome == nil || outcome == .closed)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Unmended, NNG 1.5.2 stops telling of lost connections for good after a dozen of these: docs/adr/0006.
    @Test("connections that end in full traffic are all told, and each close returns", arguments: Wiring.allCases)
    func closeInFullTraffic(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<4 {
                    group.addTask {
                        for round in 0..<15 {
                            let requester = try network.requester(for: replier.address)
                            let answered = Signals()
                            await withTaskGroup(of: Void.self) { traffic in
                                for _ in 0..<8 {
                                    traffic.addTask {
                                        while (try? await requester.request(bytes("\(caller)"), timeoutMilliseconds: 30_000)) != nil { answered.signal() }
                                    }
                                }
                                await answered.wait(for: 5 + 3 * round)
                                await requester.close()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            var connected = 0
            var lost = 0
            for await event in replier.peerEvents {
                switch event {
                case .connected: connected += 1
                case .lost: lost += 1
                }
                if lost == 60 { break }
            }
            #expect(connected == 60 && lost == 60)
        }
    }

    @Test("a server closed under fire ends every request, one way or another", arguments: Wiring.allCases)
    func closeUnderFire(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let replier = try network.replier()
        let served = Signals()
        let serving = Task {
            try await replier.serve { request in
                served.signal()
                return request.message
            }
        }
        let requester = try network.requester(for: replier.address)
        let requests = (0..<300).map { number in
            Task { try await requester.request(bytes("\(number)"), timeoutMilliseconds: 3_600_000) }
        }
        await served.wait(for: 50)
        await replier.close()
        try await serving.value
        // Those that were not sent yet wait for a server that does not come: the requester's end releases them.
        await requester.close()
        for request in requests {
            let outcome = await code { try await request.value }
            #expect(outcome == nil || outcome == .connectionLost || outcome == .closed)
        }
    }
}
