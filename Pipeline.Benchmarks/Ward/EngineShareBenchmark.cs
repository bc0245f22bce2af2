using Pipeline.Actors;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// What the whole pipeline costs a patient-second, Kafka to store, with the default networks, against the estimators and the networks' forward passes alone:
/// the same chunks through bare device streams in a loop, and their questions through a bare session in full batches. Both in one run, in turns.
/// </summary>
internal sealed class EngineShareBenchmark : IBenchmark
{
    private const int Batch = 64;
    private const int Pool = 50;        // beds that differ; the others send the same samples

    public string Name => "engine-share";

    public string Summary => "CPU a patient-second of the whole pipeline (Kafka to store, default networks) against estimators and forward passes alone, in the same run";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var (beds, seconds, rounds) = report.Quick ? (50, 20, 1) : (500, 120, 5);
        var request = new FeedRequest(beds, seconds, beds / 8, "");
        var chunks = Chunks(beds, seconds);
        var topology = new TopologyOptions { EcgAutoencoder = report.Autoencoder ?? Stages.Classical };
        report.Remark($"autoencoder of an ECG: {topology.EcgAutoencoder}");
        using var alone = new Alone(topology);
        var patientSeconds = (double)beds * seconds;
        var (whole, estimators, forward) = (new List<double>(), new List<double>(), new List<double>());
        for (var warmUp = 0; warmUp < 2 && !report.Quick; warmUp++)     // a service has been running for long: its code is compiled
            await RoundAsync(record: false);
        for (var round = 0; round < rounds; round++)
            await RoundAsync(record: true);

        var (all, streams, passes) = (Quantiles.Median(whole), Quantiles.Median(estimators), Quantiles.Median(forward));
        report.Add("engine_share", all / (streams + passes), "1", new Reference("promised at most", 1.5));
        report.Add("whole_cpu_per_patient_second", all * 1e6, "us");
        report.Add("estimators_cpu_per_patient_second", streams * 1e6, "us");
        report.Add("forward_cpu_per_patient_second", passes * 1e6, "us");
        report.Add("engine_and_edges_cpu_per_patient_second", (all - streams - passes) * 1e6, "us");

        async Task RoundAsync(bool record)
        {
            var outcome = await WardCatchUpBenchmark.RunAsync(request, topology, stop);
            var (streamsCpu, forwardCpu, estimateCount) = alone.Run(chunks);
            if (Math.Abs(estimateCount - outcome.Counts[Count.Estimates]) > estimateCount / 1_000)     // a stream that restarts ends with its tail there
                throw new InvalidOperationException($"{estimateCount} estimates alone where the pipeline gave {outcome.Counts[Count.Estimates]}.");
            if (!record)
                return;
            whole.Add(outcome.Cost.ProcessCpuSeconds / patientSeconds);
            estimators.Add(streamsCpu / patientSeconds);
            forward.Add(forwardCpu / patientSeconds);
            report.Remark($"whole {1e6 * whole[^1]:0} us, estimators {1e6 * estimators[^1]:0} us, forward passes {1e6 * forward[^1]:0} us a patient-second");
        }
    }

    /// <summary>What the feeder sends, in its order: second by second, bed by bed.</summary>
    private static List<SampleChunk> Chunks(int beds, int seconds)
    {
        var made = Enumerable.Range(0, Math.Min(Pool, beds)).Select(patient =>
        {
            var bed = new SimulatedBed(SimulatedWard.Bed(patient, seed: 1, WardFeeder.Start, epoch: 1, DeviceFaults.Usual) with { HasAbp = false, EcgLeadCount = 1 });
            var all = new List<SampleChunk>();
            for (var second = 0; second < seconds; second++)
                bed.Next(all, isLast: false);
            return all;
        }).ToList();
        var chunks = new List<SampleChunk>();
        for (var i = 0; i < made.Max(all => all.Count); i++)
            for (var number = 0; number < beds; number++)
                if (i < made[number % made.Count].Count)
                    chunks.Add(made[number % made.Count][i] with { Patient = new PatientId($"bench-{number:00000}") });
        return chunks;
    }

    /// <summary>Device streams in a loop, and a session.</summary>
    private sealed class Alone : IDisposable
    {
        private readonly QrsModel? _qrs;
        private readonly Dictionary<RecurrentModel, (IModelSession Session, List<(NetworkQuestion Question, RateMemory Memory)> Asked)> _models = [];
        private readonly StageOutput _output = new();

        public Alone(TopologyOptions topology)
        {
            _qrs = ModelCatalog.OpenQrs(topology.QrsModel);
            var rate = ModelCatalog.Open(topology.Model) ?? throw new InvalidOperationException("The network that ships is not there.");
            foreach (var model in new RecurrentModel?[] { rate, ModelCatalog.OpenAutoencoder(topology.EcgAutoencoder, keepsWaves: false) }.OfType<RecurrentModel>())
                _models.Add(model, (model.Package.Open([Batch]), new(Batch)));
        }

        /// <summary>CPU seconds of the streams, and of the forward passes; and how many estimates there were.</summary>
        public (double Streams, double Forward, long EstimateCount) Run(List<SampleChunk> chunks)
        {
            var streams = new Dictionary<(string, string), DeviceStream>();
            var states = new Dictionary<string, PatientState>();
            var (forward, estimates) = (0.0, 0L);
            var start = Cost.Now();
            foreach (var chunk in chunks)
            {
                var key = (chunk.Patient.Value, chunk.Device);
                if (!streams.TryGetValue(key, out var stream) || stream.Epoch < chunk.Epoch)
                    streams[key] = stream = new DeviceStream(WindowShape.Default, first => Stages.Create(first.Channels, first.RateHz, [.. _models.Keys, .. _qrs is null ? Array.Empty<INetwork>() : [_qrs]]), chunk);
                if (chunk.Epoch < stream.Epoch)
                    continue;
                stream.Accept(chunk);
                while (stream.TryNext(_output, out _))
                {
                    estimates += _output.Estimates.Count + _output.Questions.Count;
                    foreach (var question in _output.Questions)
                    {
                        if (!states.TryGetValue(chunk.Patient.Value, out var state))
                            states.Add(chunk.Patient.Value, state = new PatientState());
                        _models[question.Model].Asked.Add((question, state.MemoryOf(chunk.Device, question.Model)));
                    }
                    _output.Clear();
                    foreach (var (session, asked) in _models.Values)
                        if (asked.Count >= Batch)
                            forward += Answer(session, asked);
                }
            }
            foreach (var (session, asked) in _models.Values)
                forward += Answer(session, asked);
            return ((Cost.Now() - start).ProcessCpuSeconds - forward, forward, estimates);
        }

        private double Answer(IModelSession session, List<(NetworkQuestion Question, RateMemory Memory)> asked)
        {
            var start = Cost.Now();
            for (var i = 0; i < asked.Count; i++)
            {
                var (question, memory) = asked[i];
                question.Begin(memory);
                question.Input.CopyTo(session.Input[(i * session.InputLength)..]);
                memory.State.CopyTo(session.State[(i * session.StateLength)..]);
            }
            if (asked.Count > 0)
                session.Run(asked.Count);
            for (var i = 0; i < asked.Count; i++)
            {
                var (question, memory) = asked[i];
                session.Output.Slice(i * session.OutputLength, session.OutputLength).CopyTo(question.Output);
                session.NextState.Slice(i * session.StateLength, session.StateLength).CopyTo(memory.State);
                question.Answered(memory);
                _output.Return(question);
            }
            asked.Clear();
            return (Cost.Now() - start).ProcessCpuSeconds;
        }

        public void Dispose()
        {
            foreach (var (model, (session, _)) in _models)
            {
                session.Dispose();
                model.Dispose();
            }
        }
    }
}
