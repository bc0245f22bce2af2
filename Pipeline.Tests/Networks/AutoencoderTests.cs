using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Training.Autoencoder;
using TorchSharp;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>An autoencoder of an ECG's beats in the flow: asked in batches, with its state in the patient's actor.</summary>
public sealed class AutoencoderTests : IDisposable
{
    private const double RateHz = 250;
    private static readonly SyntheticEcg Ecg = new() { Seconds = 40, Ectopic = beat => beat % 9 == 8 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_served_package_says_of_each_beat_once_what_it_says_alone_and_of_each_window_its_most_abnormal_one()
    {
        var model = Model();
        var chunks = Chunks(2);
        var sink = new RecordingSink();
        await using var networks = new NetworkRegistry(new InferenceOptions(), TimeProvider.System);
        networks.Add(model, (asked, sizes) => asked.Package.Open(sizes));

        await TestPartitions.RunAsync(new InMemorySource(chunks), [sink], new TopologyOptions(), TimeProvider.System, default, networks: networks);

        var alone = StreamRun.Of(chunks, Make(model)).ToList();
        var points = sink.Points.Where(p => p.Estimate.Metric == Metric.Anomaly).OrderBy(p => p.WindowId).ToList();
        Assert.Equal(alone.SelectMany(w => w.Estimates).Where(e => e.Metric == Metric.Anomaly), points.Select(p => p.Estimate));
        Assert.Equal(alone.SelectMany(w => w.Encoded).Select(b => (b.SampleIndex, b.Score)), points.SelectMany(p => p.Beats).Select(b => (b.SampleIndex, b.Score)));
        Assert.All(points.Where(p => p.Beats.Count > 0), p => Assert.Equal(p.Beats.Max(b => b.Score), p.Estimate.Value, 1e-6));
        var found = alone.SelectMany(w => w.Beats).Select(b => b.SampleIndex).ToList();
        Assert.Equal(found.Where(index => index <= alone[^2].Window.EndIndex - BeatCut.SecondsAfter * RateHz), points.SelectMany(p => p.Beats).Select(b => b.SampleIndex));
    }

    [SkippableFact]
    public void A_stream_goes_on_from_a_snapshot_after_any_chunk()
    {
        using var model = Model();
        var whole = new PatientRun(Make(model));
        var restored = new PatientRun(Make(model));

        foreach (var chunk in Chunks(2).Take(24))
        {
            Assert.Equal(whole.Take(chunk), restored.Take(chunk));
            restored = PatientRun.Restore(SnapshotCodec.Encode(restored.Capture(new StateTransfer())), out var told, Make(model))!;
            Assert.Null(told);
        }
        Assert.Contains(whole.Capture(new StateTransfer()).Devices[0].Stream.Blocks, block => block.Name == StateBlock.EcgAutoencoder);
    }

    [SkippableFact]
    public void A_snapshot_of_a_program_without_an_autoencoder_is_read_and_beats_are_asked_about_from_there_on()
    {
        using var model = Model();
        var before = new PatientRun(first => Stages.Create(first.Channels, first.RateHz));
        var chunks = Chunks(1);
        foreach (var chunk in chunks.Take(12))
            before.Take(chunk);

        var restored = PatientRun.Restore(SnapshotCodec.Encode(before.Capture(new StateTransfer())), out var told, Make(model))!;

        Assert.Null(told);
        var said = chunks.Skip(12).SelectMany(chunk => restored.Take(chunk)).Where(line => line.Contains("Anomaly", StringComparison.Ordinal)).ToList();
        Assert.Contains(said, line => line.Contains("Status = Ok", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void Scores_depend_on_no_unit_and_a_lead_that_is_off_is_left_out()
    {
        using var model = Model();
        var lead = Ecg.Samples();
        float[] off = new float[lead.Length];
        Array.Fill(off, float.NaN);

        var one = Scores(model, lead);
        var scaled = Scores(model, Array.ConvertAll(lead, x => 1000 * x + 300));
        var withDead = Scores(model, lead, off);

        Assert.True(one.Count > 30);
        Assert.All(one.Zip(scaled), pair => Assert.Equal(pair.First, pair.Second, 0.01f));
        Assert.All(one.Zip(withDead), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [SkippableFact]
    public void An_answer_without_numbers_leaves_the_window_without_a_value_and_the_next_one_begins_anew()
    {
        using var model = Model();
        var question = new AutoencoderQuestion(model);
        var memory = new RateMemory();
        question.Set(startsAnew: true, coverage: 1, RateHz);
        question.Begin(memory);
        Array.Fill(question.Output, float.NaN);

        var estimate = question.Answered(memory);

        Assert.Equal((EstimateStatus.LowQuality, Metric.Anomaly, Stages.Classical), (estimate.Status, estimate.Metric, estimate.Model));
        Assert.Empty(question.Beats);
        Assert.Equal("", memory.Identity);
    }

    [Fact]
    public void Denoised_samples_are_those_of_the_waves_straight_between_slow_beats_and_blank_where_no_beat_is_near()
    {
        var wave = Enumerable.Range(0, BeatRow.Points).Select(p => (float)Math.Sin(p / 9.0)).ToArray();
        EncodedBeat At(double index) => new(index, 0, 0) { Waves = [wave] };
        var (writer, samples) = (new DenoisedEcg(120, 1), new List<float>());

        writer.Add(At(100), [samples]);
        writer.Add(At(260), [samples]);
        writer.Add(At(800), [samples]);
        writer.Finish(1000, [samples]);

        Assert.Equal(1000, samples.Count);
        for (var i = 0; i < samples.Count; i++)
        {
            var own = new[] { 100, 260, 800 }.Select(beat => i - beat + BeatCut.Before).FirstOrDefault(p => p is >= 0 and < BeatRow.Points, -1);
            if (own >= 0)
                Assert.Equal(wave[own], samples[i], 1e-5f);
            else if (i is > 160 and < 224)
                Assert.InRange(samples[i], Math.Min(wave[0], wave[^1]) - 1e-5f, Math.Max(wave[0], wave[^1]) + 1e-5f);
            else
                Assert.Equal(float.NaN, samples[i]);
        }
    }

    [SkippableFact]
    public void The_same_seed_gives_the_same_weights_and_a_trained_beat_is_cut_as_a_served_one()
    {
        NeedLibtorch.OrSkip();
        var lead = Ecg.Samples();
        var window = new float[BeatRow.Points];
        var cut = new BeatLead(lead, RateHz);
        Assert.True(cut.TryCut(500.3, window));
        var served = Cut(lead, 500.3);
        var mean = window.Average();
        Assert.All(window.Zip(served), pair => Assert.Equal(pair.First - mean, pair.Second, 1e-4f));
        var recording = new Pipeline.Training.Qrs.EcgRecording
        {
            Name = "one",
            RateHz = RateHz,
            Leads = [new SyntheticEcg { Seconds = 60 }.Samples()],
            Flutter = [],
            Beats = [.. new SyntheticEcg { Seconds = 60 }.Beats().Select(seconds => new Pipeline.Training.Qrs.EcgBeat(seconds * RateHz, 1))],
        };
        byte[] Train()
        {
            var trainer = new AutoencoderTrainer(new Dictionary<string, Pipeline.Training.Qrs.EcgRecording>(), new AutoencoderTrainingOptions { Steps = 3, Seed = 7 });
            trainer.Add(recording, null);
            using var loop = trainer.Begin(new HashSet<string>());
            while (loop.Step < loop.Steps)
                Assert.True(double.IsFinite(loop.Next().Loss));
            return ((BeatAutoencoder)loop.Network).ToOnnx();
        }

        Assert.Equal(Train(), Train());
    }

    private static float[] Cut(float[] lead, double index)
    {
        float[] points = [];
        var stage = new Seen((in Window window) =>
        {
            if (points.Length > 0 || window.StartIndex + 100 > index || window.EndIndex - 150 < index)
                return;
            BeatCut.OfThread.Take(window, [0], index);
            points = BeatCut.OfThread[0].ToArray();
        });
        _ = StreamRun.Of(StreamRun.Chunks([lead], Layout(1), RateHz), _ => [stage]).Count();
        return points;
    }

    private static StageFactory Make(EcgAutoencoder model) => first => Stages.Create(first.Channels, first.RateHz, [model]);

    private static ChannelLayout Layout(int leads) => new([.. Enumerable.Range(0, leads).Select(l => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]);

    private static List<SampleChunk> Chunks(int leads) =>
        StageRun.Chunked([.. Enumerable.Range(0, leads).Select(l => Ecg.Samples(1 - 0.4 * l, l + 1))], Layout(leads), RateHz, 250).ToList();

    private static List<float> Scores(EcgAutoencoder model, params float[][] leads) =>
        [.. StreamRun.Of(StageRun.Chunked(leads, Layout(leads.Length), RateHz, 250), Make(model)).SelectMany(w => w.Encoded).Select(b => b.Score)];

    private EcgAutoencoder Model()
    {
        NeedLibtorch.OrSkip();
        torch.manual_seed(3);
        var folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        AutoencoderTrainer.Save(folder, "test", new BeatAutoencoder(), new Dictionary<string, string>());
        return new EcgAutoencoder(ModelPackage.Load(folder)) { KeepsWaves = true };
    }

    private delegate void Look(in Window window);

    /// <summary>A stage that only looks at windows.</summary>
    private sealed class Seen(Look look) : IWindowStage
    {
        public string StateName => "seen";

        public int StateVersion => 1;

        public void Accept(in Window window, StageOutput output) => look(window);

        public void Finish(in Window tail, StageOutput output)
        {
        }

        public void Reset()
        {
        }

        public void Transfer(StateTransfer state)
        {
        }
    }
}
