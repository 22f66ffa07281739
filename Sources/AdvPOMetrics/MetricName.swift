/// Every metric of the programs, each under one name. `docs/operations.md` has the table.
package enum MetricName: String, Hashable, Sendable, CaseIterable {
    // The cluster.
    case workers = "advpo_workers"
    case slots = "advpo_slots"
    case slotsBusy = "advpo_slots_busy"
    case tasks = "advpo_tasks"
    case tasksHandedOut = "advpo_tasks_handed_out_total"
    case tasksEnded = "advpo_tasks_ended_total"
    case leasesReturned = "advpo_leases_returned_total"
    case staleReports = "advpo_stale_reports_total"
    case workersJoined = "advpo_workers_joined_total"
    case workersGone = "advpo_workers_gone_total"
    case taskWait = "advpo_task_wait_seconds"
    // Units, with what they cost.
    case units = "advpo_units_total"
    case providerRequests = "advpo_provider_requests_total"
    case tokens = "advpo_tokens_total"
    case cost = "advpo_cost_dollars_total"
    // The coordinator itself.
    case jobs = "advpo_jobs"
    case watchers = "advpo_event_stream_watchers"
    case commitDuration = "advpo_commit_seconds"
    case commitRecords = "advpo_commit_records"
    case httpRequests = "advpo_http_requests_total"
    // A worker.
    case tasksInHand = "advpo_worker_tasks_in_hand"
    case unitsFinished = "advpo_worker_units_finished_total"
    case modelCalls = "advpo_worker_model_calls_total"
    case modelRequests = "advpo_worker_model_requests_total"
    case modelRetries = "advpo_worker_model_retries_total"
    case modelLatency = "advpo_worker_model_latency_seconds"
    // Any of the programs.
    case buildInfo = "advpo_build_info"
    case residentMemory = "process_resident_memory_bytes"
    case cpuTime = "process_cpu_seconds_total"
    case startTime = "process_start_time_seconds"
    case openFiles = "process_open_fds"
}

extension MetricName {
    package enum Kind: Hashable, Sendable {
        case counter, gauge
        /// Upper bounds of the buckets, ascending, without infinity.
        case histogram([Double])

        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private static let secondsOfDisk = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
    private static let secondsOfWork = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600]
    private static let powers: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096]

    package var kind: Kind {
        switch self {
        case .workers, .slots, .slotsBusy, .tasks, .jobs, .watchers, .tasksInHand, .buildInfo, .residentMemory, .startTime, .openFiles: .gauge
        case .tasksHandedOut, .tasksEnded, .leasesReturned, .staleReports, .workersJoined, .workersGone, .units, .providerRequests, .tokens, .cost,
            .httpRequests, .unitsFinished, .modelCalls, .modelRequests, .modelRetries, .cpuTime:
            .counter
        case .taskWait, .modelLatency: .histogram(Self.secondsOfWork)
        case .commitDuration: .histogram(Self.secondsOfDisk)
        case .commitRecords: .histogram(Self.powers)
        }
    }

    package var help: String {
        switch self {
        case .workers: "Workers that are present, by state."
        case .slots: "Tasks that all workers together can have in hand."
        case .slotsBusy: "Slots with a task."
        case .tasks: "Tasks that have not ended, by state: queued, resting or leased."
        case .tasksHandedOut: "Leases given to workers."
        case .tasksEnded: "Tasks that ended, by how: done, failed, or cancelled in a worker's hands."
        case .leasesReturned: "Leases that ended before their task, by why: worker-lost, given-back or taken-back."
        case .staleReports: "Reports of leases that were not their sender's any more."
        case .workersJoined: "Sessions begun."
        case .workersGone: "Sessions ended, by why: lost (silence, a broken connection) or left."
        case .taskWait: "How long tasks waited for a worker, each time they were handed out."
        case .units: "Units accepted for the first time, by status."
        case .providerRequests: "Requests to providers behind accepted units, retries and judges included, by the run's model."
        case .tokens: "Tokens of accepted units by the run's model, who used them (target or judge) and direction."
        case .cost: "Price of accepted units in dollars, by the run's model and who caused it; only models with a price count."
        case .jobs: "Jobs in the data directory, by status."
        case .watchers: "Event streams that are open."
        case .commitDuration: "Time to make a batch of records durable, a wait for room on the disk included."
        case .commitRecords: "Records in one commit."
        case .httpRequests: "Requests to the API, by method, route and status."
        case .tasksInHand: "Tasks that this worker has in hand."
        case .unitsFinished: "Units that this worker finished, by status."
        case .modelCalls: "Calls of models by outcome: answered, model (the model's own failure), infrastructure, configuration or cancelled."
        case .modelRequests: "Requests sent to providers, retries included."
        case .modelRetries: "Requests sent again after a failure that may pass."
        case .modelLatency: "Latency of answered requests, without queueing and failed tries."
        case .buildInfo: "Always 1; its labels say what runs."
        case .residentMemory: "Resident memory size in bytes."
        case .cpuTime: "Total user and system CPU time spent in seconds."
        case .startTime: "Start time of the process since unix epoch in seconds."
        case .openFiles: "Number of open file descriptors."
        }
    }
}
