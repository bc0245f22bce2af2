using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Chaos.Series;
using Pipeline.Chaos.Servers;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Models.Signals;

namespace Pipeline.Chaos;

/// <summary>
/// The scene of an experiment: Kafka, InfluxDB, workers and a ward that is published meanwhile. What experiments need to inject their
/// faults, to wait and to measure is here.
/// </summary>
internal sealed class ChaosScene : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait before the next fault: its moment falls anywhere between two checkpoints.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(6);

    private readonly ChaosPlan _plan;
    private readonly Experiment _experiment;
    private readonly TextWriter _output;
    private readonly string _logs = Directory.CreateTempSubdirectory("pipeline-chaos-logs-").FullName;
    private readonly List<ChaosFigure> _figures = [];
    private readonly List<TimeSpan> _gaps = [];
    private readonly CancellationTokenSource _close = new();
    private GapWatch? _watch;
    private Task _feeding = Task.CompletedTask;

    private ChaosScene(ChaosPlan plan, Experiment experiment, TextWriter output, TimeProvider time)
    {
        (_plan, _experiment, _output, Time) = (plan, experiment, output, time);
        Random = new Random(plan.Seed);
        Rounds = plan.Rounds ?? experiment.Rounds;
        Gaps = new PatientGaps(new TopologyOptions().WindowHop, time);
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>For the random moments and choices.</summary>
    public Random Random { get; }

    /// <summary>How often the fault is injected.</summary>
    public int Rounds { get; }

    /// <summary>After which a silent worker is taken for dead.</summary>
    public TimeSpan Session => TimeSpan.FromSeconds(_plan.SessionSeconds);

    /// <summary>See <see cref="ChaosPlan.CoordinatorEvery"/>.</summary>
    public int CoordinatorEvery => _plan.CoordinatorEvery;

    /// <summary>The brokers.</summary>
    public ChaosKafka Kafka { get; private set; } = null!;

    /// <summary>The store.</summary>
    public ChaosInflux Influx { get; private set; } = null!;

    /// <summary>Where they are, and what the topics are called.</summary>
    public KafkaOptions KafkaOptions => new() { BootstrapServers = Kafka.BootstrapServers };

    /// <summary>The workers; an experiment may add more.</summary>
    public List<WorkerProcess> Workers { get; } = [];

    /// <summary>The ways to the workers' actor systems, where the experiment cuts them.</summary>
    public List<MemberRelay> Relays { get; } = [];

    /// <summary>The ward.</summary>
    public ChaosWard Ward { get; private set; } = null!;

    /// <summary>What a reader of the store sees.</summary>
    public PatientGaps Gaps { get; }

    /// <summary>Settings of every worker that the experiment and the user ask for, <c>KEY=VALUE</c>.</summary>
    public IReadOnlyList<string> WorkerSettings => [.. _experiment.Settings, .. _plan.Settings];

    /// <summary>What was measured.</summary>
    public IReadOnlyList<ChaosFigure> Figures => _figures;

    /// <summary>Where the workers' logs are.</summary>
    public string Logs => _logs;

    /// <summary>Starts servers, workers and ward, and waits until every patient's points come.</summary>
    public static async Task<ChaosScene> StartAsync(
        ChaosPlan plan, Experiment experiment, TextWriter output, TimeProvider time, CancellationToken stop)
    {
        var scripts = new ServerScripts(plan.Servers);
        var scene = new ChaosScene(plan, experiment, output, time);
        try
        {
            await scene.SayAsync(
                $"starting {experiment.Brokers} broker(s), InfluxDB, {experiment.Workers} worker(s); logs in {scene._logs}");
            scene.Kafka = await ChaosKafka.StartAsync(
                scripts, experiment.Brokers, experiment.Partitions, plan.BrokerSettings(), time, stop);
            scene.Influx = await ChaosInflux.StartAsync(scripts, stop);
            for (var i = 0; i < experiment.Workers; i++)
                scene.NewWorker().Start();
            foreach (var worker in scene.Workers)
                await worker.WaitUntilLiveAsync(stop);
            scene.Ward = new ChaosWard(plan.Patients ?? experiment.Patients, plan.Seed, Timestamp.From(time.GetUtcNow()));
            scene._watch = new GapWatch(scene.Influx, scene.Gaps, experiment.PollInterval, time);
            scene._watch.Start();
            scene._feeding = scene.Ward.FeedAsync(scene.KafkaOptions, speed: 1, NullLoggerFactory.Instance, time, scene._close.Token);
            await scene.WaitUntilFlowingAsync(stop);
            scene.Gaps.Take();   // those of the start are not counted
            await scene.SayAsync($"{scene.Gaps.PatientCount} patients flow");
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more worker, not started.</summary>
    public WorkerProcess NewWorker()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"worker-{Workers.Count + 1}");
        string[] settings =
        [
            $"Kafka:BootstrapServers={Kafka.BootstrapServers}",
            $"Influx:Url={Influx.Url}",
            $"Influx:TokenFile={Influx.TokenFile}",
            .. _plan.MembershipSettings(name),
            .. _experiment.HasRelays ? RelaySettings() : [],
            .. WorkerSettings,
        ];
        var worker = new WorkerProcess(name, settings, _logs, Time);
        Workers.Add(worker);
        return worker;
    }

    private IEnumerable<string> RelaySettings()
    {
        var relay = new MemberRelay(WorkerProcess.FreePort());
        Relays.Add(relay);
        return [string.Create(CultureInfo.InvariantCulture, $"Cluster:Port={relay.Port}"), string.Create(CultureInfo.InvariantCulture, $"Cluster:PublicPort={relay.PublicPort}")];
    }

    /// <summary>One of the workers that run, another one than <paramref name="except"/>.</summary>
    public WorkerProcess AnyWorker(WorkerProcess? except = null)
    {
        var running = Workers.FindAll(worker => worker.IsRunning && worker != except);
        return running[Random.Next(running.Count)];
    }

    /// <summary>Starts a worker that does not run, and waits until it does its part of the work.</summary>
    public async Task StartAgainAsync(WorkerProcess worker, CancellationToken stop)
    {
        worker.Start();
        await worker.WaitUntilLiveAsync(stop);
        await WaitUntilReadyAsync(worker, stop);
        await WaitUntilFlowingAsync(stop);
    }

    /// <summary>A random moment: waits for 0 to 6 s.</summary>
    public Task WaitSomeAsync(CancellationToken stop) => Task.Delay(Calm * Random.NextDouble(), Time, stop);

    /// <summary>From now on <see cref="Gaps"/> learns of these patients alone; null: of all.</summary>
    public void LookAt(IReadOnlyList<string>? patients) => _watch?.LookAt(patients);

    /// <summary>Waits until every patient has a point that became readable after now.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public Task WaitUntilFlowingAsync(CancellationToken stop)
    {
        var (began, patients) = (Time.GetTimestamp(), Ward.Patients.Count());
        return PollAsync(
            () => Task.FromResult(Gaps.FlowingSince(began).Count() >= patients),
            () => $"no new points of {string.Join(", ", Ward.Patients.Except(Gaps.FlowingSince(began)).Order(StringComparer.Ordinal))}",
            stop);
    }

    /// <summary>Waits until a worker has partitions and its store answers, or until it says that it cannot work.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public Task WaitUntilReadyAsync(WorkerProcess worker, CancellationToken stop, bool isReady = true) => PollAsync(
        async () => await worker.IsReadyAsync(stop) == isReady, () => $"{worker.Name} is {(isReady ? "not ready" : "still ready")}", stop);

    /// <summary>Ends a round: the gaps since the last one are kept.</summary>
    public async Task NoteRoundAsync(int round, string what)
    {
        var gaps = Gaps.Take();
        _gaps.AddRange(gaps);
        await SayAsync($"{round}/{Rounds} {what}: longest gap {gaps.Max().TotalSeconds:0.0} s");
    }

    /// <summary>Keeps a figure.</summary>
    public void Note(ChaosFigure figure) => _figures.Add(figure);

    /// <summary>CPU time, in seconds, that workers, brokers and store have used.</summary>
    public IReadOnlyList<(string Who, double Seconds)> Cpu() =>
        [("workers'", Workers.Sum(worker => worker.Cpu.TotalSeconds)), ("brokers'", Kafka.CpuSeconds), ("store's", Influx.CpuSeconds)];

    /// <summary>Keeps the CPU time since <paramref name="before"/> for each of <paramref name="patientSeconds"/>.</summary>
    public void NoteCpu(IReadOnlyList<(string Who, double Seconds)> before, string what, double patientSeconds)
    {
        foreach (var ((who, after), (_, start)) in Cpu().Zip(before))
            Note(new ChaosFigure($"{who} CPU a patient-second {what}", (after - start) / patientSeconds * 1e6, "us"));
    }

    /// <summary>Keeps what the ward's topics take on the brokers' disks.</summary>
    public void NoteDisks()
    {
        var patients = Ward.Patients.Count();
        var patientSeconds = patients * Ward.Reached.SecondsSince(Ward.Start);
        foreach (var topic in (string[])[KafkaOptions.SamplesTopic, KafkaOptions.ResultsTopic])
            Note(new ChaosFigure($"{topic}, on the brokers' disks, a patient-second", Kafka.BytesOf(topic) / patientSeconds, "By"));
        var kibibytes = Kafka.BytesOf(KafkaOptions.StateTopic) / 1024.0;
        Note(new ChaosFigure($"{KafkaOptions.StateTopic}, on the brokers' disks, a patient", kibibytes / patients, "KiB"));
    }

    /// <summary>Says a line.</summary>
    public Task SayAsync(FormattableString line) =>
        _output.WriteLineAsync($"{Time.GetUtcNow():HH:mm:ss} {line.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Ends the ward, waits until everything is stored, and keeps the figures of the gaps.</summary>
    public async Task FinishAsync(CancellationToken stop)
    {
        await _close.CancelAsync();
        await _feeding;
        await SayAsync($"the ward has ended: {Ward.ChunkCount:N0} chunks; waiting for the last of them");
        await DrainAsync(stop);
        var limit = _experiment.GapLimit?.Invoke(_plan);
        if (_gaps.Count == 0 && limit is null)
            return;
        Note(new ChaosFigure("gap p50", PatientGaps.Quantile(_gaps, 0.5), "s"));
        Note(new ChaosFigure("gap p99", PatientGaps.Quantile(_gaps, 0.99), "s", limit));
        Note(new ChaosFigure("gap longest", PatientGaps.Quantile(_gaps, 1), "s"));
    }

    /// <summary>
    /// Waits until <paramref name="isDone"/>, and answers the most memory that the workers together had meanwhile, in bytes.
    /// </summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public async Task<long> WatchAsync(string what, Func<bool> isDone, CancellationToken stop)
    {
        var most = 0L;
        await PollAsync(() =>
        {
            most = Math.Max(most, Workers.Sum(worker => worker.ResidentBytes));
            return Task.FromResult(isDone());
        }, () => $"{what} has not ended", stop);
        return most;
    }

    /// <summary>Waits until the group has committed every record that the ward has published.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public async Task DrainAsync(CancellationToken stop)
    {
        using var position = new GroupPosition(KafkaOptions);
        var behind = 0L;
        await Ward.FlushAsync(stop);
        await PollAsync(async () => (behind = await position.BehindAsync()) == 0, () => $"{behind} records of the ward are not done", stop);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _close.CancelAsync();
        foreach (var worker in Workers)
            worker.Dispose();
        foreach (var relay in Relays)
            await relay.DisposeAsync();
        if (_watch is not null)
            await _watch.DisposeAsync();
        if (!_feeding.IsCompletedSuccessfully)
            await _feeding.WaitAsync(TimeSpan.FromSeconds(5), Time, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Ward is not null)
            await Ward.DisposeAsync();
        if (Influx is not null)
            await Influx.DisposeAsync();
        if (Kafka is not null)
            await Kafka.DisposeAsync();
        _close.Dispose();
    }

    /// <summary>Asks until <paramref name="isDone"/>; a feed that has failed, or the end of the patience, ends the experiment.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public async Task PollAsync(Func<Task<bool>> isDone, Func<string> fault, CancellationToken stop)
    {
        var began = Time.GetTimestamp();
        using var timer = new PeriodicTimer(PollInterval, Time);
        while (!await isDone())
        {
            if (Time.GetElapsedTime(began) > _experiment.Patience)
                throw await GiveUpAsync($"after {_experiment.Patience.TotalSeconds:0} s {fault()}", stop);
            if (_feeding.IsCompleted)
                await _feeding;
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <summary>Says why, for a person: the group's lag of each partition, the workers' readiness; their metrics go to a file.</summary>
    private async Task<CommandException> GiveUpAsync(string what, CancellationToken stop)
    {
        using var position = new GroupPosition(KafkaOptions);
        var told = new List<string> { $"{what}; not committed, by partition: {await position.DescribeAsync()}; metrics are in {_logs}" };
        foreach (var worker in Workers.Where(worker => worker.IsRunning))
            told.Add($"{worker.Name}: {await worker.TellAsync(stop)}");
        return new CommandException(string.Join(Environment.NewLine, told));
    }
}
