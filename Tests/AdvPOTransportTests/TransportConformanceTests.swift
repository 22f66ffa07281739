import AdvPOModel
import AdvPOTransport
import Testing

/// What every transport promises; the same tests run over each.
@Suite(.timeLimit(.minutes(1)))
struct TransportConformanceTests {
    @Test("a request is answered by the handler", arguments: Wiring.allCases)
    func echo(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        try await withServer(network) { bytes("you said ") + $0.message } _: { replier in
            let requester = try network.requester(for: replier.address)
            #expect(try await requester.request(bytes("hello"), timeoutMilliseconds: 20_000) == bytes("you said hello"))
            #expect(try await requester.request([], timeoutMilliseconds: 20_000) == bytes("you said "))
            await requester.close()
        }
    }

    @Test("large messages arrive whole, compressible or not", arguments: Wiring.allCases)
    func largeMessages(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        var generator = SeededGenerator(seed: 1)
        let noise = (0..<300_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let text = [UInt8](repeating: 65, count: 3_000_000)
        try await withServer(network) { $0.message } _: { replier in
            let requester = try network.requester(for: replier.address)
            #expect(try await requester.request(noise, timeoutMilliseconds: 20_000) == noise)
            #expect(try await requester.request(text, timeoutMilliseconds: 20_000) == text)
            await requester.close()
        }
    }

    @Test("many requests under way each get their own answer", arguments: Wiring.allCases)
    func manyInFlight(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            let requester = try network.requester(for: replier.address)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let message = bytes("request \(number)")
                        let answer = try await requester.request(message, timeoutMilliseconds: 30_000)
                        #expect(answer == message)
                    }
                }
                try await group.waitForAll()
            }
            await requester.close()
        }
    }

    @Test("a held request is answered later, after others", arguments: Wiring.allCases)
    func heldRequest(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let gate = Gate()
        try await withServer(network) { request in
            if request.message == bytes("hold") { await gate.passed() }
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            let held = Task { try await requester.request(bytes("hold"), timeoutMilliseconds: 30_000) }
            #expect(try await requester.request(bytes("quick"), timeoutMilliseconds: 20_000) == bytes("quick"))
            gate.open()
            #expect(try await held.value == bytes("hold"))
            await requester.close()
        }
    }

    @Test("64 held requests do not keep others from being served", arguments: Wiring.allCases)
    func holdersDoNotStarve(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let gates = (0..<64).map { _ in Gate() }
        let held = Signals()
        try await withServer(network) { request in
            if let number = Int(String(decoding: request.message, as: UTF8.self)) {
                held.signal()
                await gates[number].passed()
            }
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let message = bytes("\(number)")
                        let answer = try await requester.request(message, timeoutMilliseconds: 40_000)
                        #expect(answer == message)
                    }
                }
                await held.wait(for: 64)
                for _ in 0..<100 {
                    #expect(try await requester.request(bytes("quick"), timeoutMilliseconds: 20_000) == bytes("quick"))
                }
                for gate in gates { gate.open() }
                try await group.waitForAll()
            }
            await requester.close()
        }
    }

    @Test("no answer within the timeout is an error that says so", arguments: Wiring.allCases)
    func timeout(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let gate = Gate()
        try await withServer(network) { request in
            if request.message == bytes("hold") { await gate.passed() }
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            #expect(await code { try await requester.request(bytes("hold"), timeoutMilliseconds: 50) } == .timedOut)
            gate.open()
            #expect(try await requester.request(bytes("next"), timeoutMilliseconds: 20_000) == bytes("next"), "the connection goes on")
            await requester.close()
        }
    }

    @Test("nobody listening is a timeout, and a server that comes up in time answers", arguments: Wiring.allCases)
    func serverComesLater(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        // An address that was free a moment ago.
        let first = try network.replier()
        await first.close()
        let requester = try network.requester(for: first.address)
        #expect(await code { try await requester.request(bytes("early"), timeoutMilliseconds: 30) } == .timedOut)
        let patient = Task { try await requester.request(bytes("patient"), timeoutMilliseconds: 30_000) }
        try await withServer(network, at: first.address) { $0.message } _: { _ in
            let answer = try await patient.value
            #expect(answer == bytes("patient"))
        }
        await requester.close()
    }

    @Test("cancelling the task ends a held request at once", arguments: Wiring.allCases)
    func cancellation(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let held = Signals()
        try await withServer(network) { request in
            guard request.message == bytes("hold") else { return request.message }
            held.signal()
            await Gate().passed()
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            let task = Task { try await requester.request(bytes("hold"), timeoutMilliseconds: 3_600_000) }
            await held.wait(for: 1)
            task.cancel()
            #expect(await code { try await task.value } == .cancelled)
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await requester.request(bytes("never sent"), timeoutMilliseconds: 3_600_000)
            }
            #expect(await code { try await early.value } == .cancelled)
            #expect(try await requester.request(bytes("next"), timeoutMilliseconds: 20_000) == bytes("next"))
            await requester.close()
        }
    }

    @Test("a server that goes ends the requests it held, and its successor at the same address serves", arguments: Wiring.allCases)
    func serverRestarts(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let held = Signals()
        let first = try network.replier()
        let serving = Task {
            try await first.serve { _ in
                held.signal()
                await Gate().passed()
                return []
            }
        }
        let requester = try network.requester(for: first.address)
        let lost = Task { try await requester.request(bytes("hold"), timeoutMilliseconds: 3_600_000) }
        await held.wait(for: 1)
        await first.close()
        try await serving.value
        #expect(await code { try await lost.value } == .connectionLost)
        try await withServer(network, at: first.address) { $0.message } _: { _ in
            let answer = try await requester.request(bytes("again"), timeoutMilliseconds: 30_000)
            #expect(answer == bytes("again"))
        }
        await requester.close()
    }

    @Test("the server hears of peers that come and go", arguments: Wiring.allCases)
    func peerEvents(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let (peers, peer) = AsyncStream<PeerID>.makeStream()
        try await withServer(network) { request in
            peer.yield(request.peer)
            return request.message
        } _: { replier in
            var events = replier.peerEvents.makeAsyncIterator()
            var served = peers.makeAsyncIterator()
            let requester = try network.requester(for: replier.address)
            _ = try await requester.request(bytes("hello"), timeoutMilliseconds: 20_000)
            let id = try #require(await served.next())
            #expect(await events.next() == .connected(id))
            let other = try network.requester(for: replier.address)
            _ = try await other.request(bytes("hello"), timeoutMilliseconds: 20_000)
            let otherID = try #require(await served.next())
            #expect(otherID != id)
            #expect(await events.next() == .connected(otherID))
            await requester.close()
            #expect(await events.next() == .lost(id))
            await other.close()
            #expect(await events.next() == .lost(otherID))
        }
    }

    @Test("a message above the limit is refused before it is sent", arguments: Wiring.allCases)
    func messageTooLarge(_ wiring: Wiring) async throws {
        var limits = WireLimits()
        limits.messageBytes = 10_000
        limits.decompressedBytes = 50_000
        let network = wiring.makeNetwork(limits: limits)
        var generator = SeededGenerator(seed: 2)
        let noise = (0..<10_001).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try await withServer(network) { request in request.message == bytes("much") ? noise : request.message } _: { replier in
            let requester = try network.requester(for: replier.address)
            #expect(await code { try await requester.request(noise, timeoutMilliseconds: 20_000) } == .messageTooLarge)
            let zeros = [UInt8](repeating: 0, count: 50_001)
            #expect(await code { try await requester.request(zeros, timeoutMilliseconds: 20_000) } == .messageTooLarge)
            #expect(
                await code { try await requester.request(bytes("much"), timeoutMilliseconds: 20_000) } == .corruptMessage,
                "an answer that is too large is told at once")
            #expect(try await requester.request(Array(noise.prefix(9_990)), timeoutMilliseconds: 20_000).count == 9_990)
            await requester.close()
        }
    }

    @Test("closing the requester ends what is under way, and later requests, as closed", arguments: Wiring.allCases)
    func closeRequester(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let held = Signals()
        try await withServer(network) { request in
            held.signal()
            await Gate().passed()
            return request.message
        } _: { replier in
            let requester = try network.requester(for: replier.address)
            let tasks = (0..<20).map { _ in Task { try await requester.request(bytes("hold"), timeoutMilliseconds: 3_600_000) } }
            await held.wait(for: 20)
            await requester.close()
            for task in tasks { #expect(await code { try await task.value } == .closed) }
            #expect(await code { try await requester.request(bytes("late"), timeoutMilliseconds: 1_000) } == .closed)
            await requester.close()
        }
    }

    @Test("cancelling serve cancels its handlers, waits for them and frees the address", arguments: Wiring.allCases)
    func cancelServe(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let held = Signals()
        let ended = Signals()
        let replier = try network.replier()
        let serving = Task {
            try await replier.serve { _ in
                held.signal()
                await Gate().passed()
                ended.signal()
                return []
            }
        }
        let requester = try network.requester(for: replier.address)
        let request = Task { try await requester.request(bytes("hold"), timeoutMilliseconds: 3_600_000) }
        await held.wait(for: 1)
        serving.cancel()
        try await serving.value
        await ended.wait(for: 1)
        #expect(await code { try await request.value } == .connectionLost)
        #expect(await code { try await replier.serve { $0.message } } == .closed)
        let next = try network.replier(at: replier.address)
        await next.close()
        await replier.close()
        await requester.close()
    }

    @Test("an address that is taken is named in the error", arguments: Wiring.allCases)
    func addressInUse(_ wiring: Wiring) async throws {
        let network = wiring.makeNetwork()
        let replier = try network.replier()
        let error = #expect(throws: TransportError.self) { _ = try network.replier(at: replier.address) }
        #expect(error?.code == .addressInUse)
        #expect(error?.message.contains(replier.address) == true)
        await replier.close()
    }
}
