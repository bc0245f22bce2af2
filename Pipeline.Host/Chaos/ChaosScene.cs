using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Chaos;

/// <summary>How what was written differs from what an uninterrupted run writes.</summary>
/// <param name="Stored">The points in InfluxDB.</param>
/// <param name="Published">The records of the results topic, one for each identity.</param>
internal sealed record ChaosOutcome(SeriesDifference Stored, SeriesDifference Published);

/// <summary>
/// The scene of an experiment: Kafka, InfluxDB, workers and a ward that is published meanwhile; at the end everything stored is compared
/// with what an uninterrupted run gives.
/// </summary>
internal sealed class ChaosScene : IAsyncDisposable
{
    /// <summary>Longest wait for the ward to flow again, or to be stored to its end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ChaosPlan _plan;
    private readonly Experiment _experiment;
    private readonly TextWriter _output;
    private readonly string _logs = Directory.CreateTempSubdirectory("pipeline-chaos-logs-").FullName;
    private readonly List<ChaosFigure> _figures = [];
    private readonly List<TimeSpan> _gaps = [];
    private readonly CancellationTokenSource _close = new();
    private Task _feeding = Task.CompletedTask;

    private ChaosScene(ChaosPlan plan, Experiment experiment, TextWriter output, TimeProvider time)
    {
        (_plan, _experiment, _output, Time) = (plan, experiment, output, time);
        Random = new Random(plan.Seed);
        Rounds = plan.Rounds ?? experiment.Rounds;
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>For the random moments and choices.</summary>
    public Random Random { get; }

    /// <summary>How often the harm is done.</summary>
    public int Rounds { get; }

    /// <summary>The brokers.</summary>
    public ChaosKafka Kafka { get; private set; } = null!;

    /// <summary>The store.</summary>
    public ChaosInflux Influx { get; private set; } = null!;

    /// <summary>The workers; an experiment may add more.</summary>
    public List<WorkerProcess> Workers { get; } = [];

    /// <summary>The ward.</summary>
    public ChaosWard Ward { get; private set; } = null!;

    /// <summary>The reader of the store.</summary>
    public GapWatch Gaps { get; private set; } = null!;

    /// <summary>What was measured.</summary>
    public IReadOnlyList<ChaosFigure> Figures => _figures;

    /// <summary>Where the workers' logs are.</summary>
    public string Logs => _logs;

    /// <summary>Starts servers, workers and ward, and waits until every patient's points come.</summary>
    public static async Task<ChaosScene> StartAsync(ChaosPlan plan, Experiment experiment, TextWriter output, TimeProvider time, CancellationToken stop)
    {
        var scripts = new ServerScripts(plan.Servers);
        var scene = new ChaosScene(plan, experiment, output, time);
        try
        {
            await scene.SayAsync($"starting {experiment.Brokers} broker(s), InfluxDB, {experiment.Workers} worker(s); logs in {scene._logs}");
            scene.Kafka = await ChaosKafka.StartAsync(scripts, experiment.Brokers, experiment.Partitions, time, stop);
            scene.Influx = await ChaosInflux.StartAsync(scripts);
            for (var i = 0; i < experiment.Workers; i++)
                scene.AddWorker();
            foreach (var worker in scene.Workers)
                await worker.WaitUntilLiveAsync(stop);
            scene.Ward = new ChaosWard(plan.Patients ?? experiment.Patients, plan.Seed, Timestamp.From(time.GetUtcNow()));
            scene.Gaps = new GapWatch(scene.Influx, new TopologyOptions().WindowHop, time);
            scene.Gaps.Start();
            scene._feeding = scene.Ward.FeedAsync(scene.KafkaOptions, experiment.Speed, NullLoggerFactory.Instance, time, scene._close.Token);
            await scene.WaitUntilFlowingAsync(stop);
            scene.Gaps.TakeGaps();   // those of the start are no one's fault
            await scene.SayAsync($"{scene.Gaps.PatientCount} patients flow");
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more worker.</summary>
    public WorkerProcess AddWorker()
    {
        string[] settings =
        [
            $"Kafka:BootstrapServers={Kafka.BootstrapServers}",
            $"Influx:Url={Influx.Url}",
            $"Influx:TokenFile={Influx.TokenFile}",
            .. _plan.Settings,
        ];
        var worker = new WorkerProcess(string.Create(CultureInfo.InvariantCulture, $"worker-{Workers.Count + 1}"), settings, _logs, Time);
        worker.Start();
        Workers.Add(worker);
        return worker;
    }

    /// <summary>One of the workers that run.</summary>
    public WorkerProcess AnyWorker() => Workers.Where(worker => worker.IsRunning).ElementAt(Random.Next(Workers.Count(worker => worker.IsRunning)));

    /// <summary>A random moment: waits for a part of <paramref name="longest"/>.</summary>
    public Task WaitSomeAsync(TimeSpan longest, CancellationToken stop) => Task.Delay(longest * Random.NextDouble(), Time, stop);

    /// <summary>Waits until every patient has a point that became readable after now.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public async Task WaitUntilFlowingAsync(CancellationToken stop)
    {
        var began = Time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, Time);
        var patients = Ward.Patients.Count();
        while (Gaps.CountSince(began) < patients)
        {
            if (Time.GetElapsedTime(began) > Patience)
                throw new CommandException($"after {Patience.TotalSeconds:0} s only {Gaps.CountSince(began)} of {patients} patients have new points; {Workers[0].Name} says: {Workers[0].LastLines()}");
            if (_feeding.IsCompleted)
                await _feeding;
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <summary>Waits until a worker has partitions and its store answers.</summary>
    /// <exception cref="CommandException">It takes too long.</exception>
    public async Task WaitUntilReadyAsync(WorkerProcess worker, CancellationToken stop)
    {
        var began = Time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, Time);
        while (!await worker.IsReadyAsync(stop))
        {
            if (Time.GetElapsedTime(began) > Patience)
                throw new CommandException($"after {Patience.TotalSeconds:0} s {worker.Name} is not ready; it says: {worker.LastLines()}");
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <summary>Ends a round: the gaps since the last one are kept.</summary>
    public async Task NoteRoundAsync(int round, string what)
    {
        var gaps = Gaps.TakeGaps();
        _gaps.AddRange(gaps);
        await SayAsync($"{round}/{Rounds} {what}: longest gap {gaps.Max().TotalSeconds:0.0} s");
    }

    /// <summary>Keeps a figure.</summary>
    public void Note(ChaosFigure figure) => _figures.Add(figure);

    /// <summary>Says a line.</summary>
    public Task SayAsync(FormattableString line) => _output.WriteLineAsync($"{Time.GetUtcNow():HH:mm:ss} {line.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Ends the ward, waits until everything is stored, and compares.</summary>
    public async Task<ChaosOutcome> FinishAsync(CancellationToken stop)
    {
        await _close.CancelAsync();
        await _feeding;
        await SayAsync($"the ward has ended: {Ward.ChunkCount:N0} chunks; waiting for the last of them");
        await DrainAsync(stop);
        var options = PipelineSettings.From(Settings.Load(null, _plan.Settings)).Topology;
        var (stored, published) = (new SeriesDifference(), new SeriesDifference());
        var results = (await ResultsReader.ReadAsync(KafkaOptions, Time, stop)).ToLookup(point => point.Patient.Value);
        await foreach (var (patient, expected) in Ward.ExpectAsync(options, Time).WithCancellation(stop))
        {
            stored.Compare(patient, expected, await Influx.ReadAsync(patient, stop));
            published.Compare(patient, expected, results[patient]);
        }
        if (_gaps.Count > 0)
        {
            var sorted = _gaps.Order().ToArray();
            Note(new ChaosFigure("gap p50", sorted[sorted.Length / 2].TotalSeconds, "s"));
            Note(new ChaosFigure("gap p99", sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(0.99 * sorted.Length) - 1)].TotalSeconds, "s", _experiment.GapLimit));
            Note(new ChaosFigure("gap longest", sorted[^1].TotalSeconds, "s"));
        }
        return new ChaosOutcome(stored, published);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _close.CancelAsync();
        foreach (var worker in Workers)
            worker.Dispose();
        if (Gaps is not null)
            await Gaps.DisposeAsync();
        if (!_feeding.IsCompletedSuccessfully)
            await _feeding.WaitAsync(TimeSpan.FromSeconds(5), Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Influx is not null)
            await Influx.DisposeAsync();
        if (Kafka is not null)
            await Kafka.DisposeAsync();
        _close.Dispose();
    }

    private KafkaOptions KafkaOptions => new() { BootstrapServers = Kafka.BootstrapServers };

    /// <summary>Waits until the group has committed every record of the ward.</summary>
    private async Task DrainAsync(CancellationToken stop)
    {
        var began = Time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, Time);
        using var position = new GroupPosition(KafkaOptions);
        while (await position.BehindAsync() is var behind && behind > 0)
        {
            if (Time.GetElapsedTime(began) > Patience)
                throw new CommandException($"after {Patience.TotalSeconds:0} s {behind} records of the ward are not done; {Workers[0].Name} says: {Workers[0].LastLines()}");
            await timer.WaitForNextTickAsync(stop);
        }
    }
}
