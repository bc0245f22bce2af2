using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Estimators.Fetal;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Pipeline.Training.Fetal;
using Pipeline.Training.HeartRate;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>A fetal network in the flow: asked in batches, with its state in the patient's actor, beside the classical stage.</summary>
public sealed class FetalNetworkTests : IDisposable
{
    private static readonly SyntheticAbdomen Abdomen = new() { Seconds = 40, Leads = 2, Noise = 0.012 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_served_package_answers_as_the_trained_network_and_the_classical_estimator_do_together()
    {
        using var network = TestModel.Network(rows: FetalFeatures.InputRowCount);
        var recording = new FetalRecording("a01", "set", Abdomen.RateHz, Abdomen.Samples(), Abdomen.FetalBeats());
        var model = Model(network);
        var sink = new RecordingSink();
        await using var networks = new NetworkRegistry(new InferenceOptions(), TimeProvider.System);
        networks.Add(model, (asked, sizes) => asked.Package.Open(sizes));

        await TestPartitions.RunAsync(new InMemorySource(recording.Chunks().ToList()), [sink], new TopologyOptions(), TimeProvider.System, default, networks: networks);

        var sequence = FetalSequence.Of(recording);
        var answers = FetalTrainer.Run(network, sequence);
        var served = sink.Points.Where(p => p.Estimate.Metric == Metric.FetalHeartRate).OrderBy(p => p.WindowId).Select(p => p.Estimate).ToList();
        Assert.Equal(answers.Length, served.Count);
        for (var w = 0; w < served.Count; w++)
        {
            var expected = FetalQuestion.Join(sequence.Taken[w], answers[w].Rate, answers[w].Sigma, answers[w].Trust, model.Identity);
            Assert.Equal((expected.Status, expected.Model), (served[w].Status, served[w].Model));
            Assert.Equal(expected.Value, served[w].Value, 0.05);
        }
        Assert.Contains(sink.Points, p => p.Estimate is { Metric: Metric.HeartRate, Status: EstimateStatus.Ok });
    }

    [SkippableFact]
    public void The_trace_is_that_of_the_beats_whether_a_network_is_asked_or_not()
    {
        using var fetal = Model(TestModel.Network(rows: FetalFeatures.InputRowCount));
        var chunks = StageRun.Chunked(Abdomen.Samples(), SyntheticAbdomen.Layout(2), 500, 500);
        List<Estimate> Trace(FetalModel[] networks) =>
        [
            .. StreamRun.Of(chunks, first => Stages.Create(first.Channels, first.RateHz, networks)).SelectMany(window => window.Estimates)
                .Where(estimate => Names.MeasurementOf(estimate.Metric) == "fetal"),
        ];

        var (with, without) = (Trace([fetal]), Trace([]));

        Assert.Equal(without, with);
        Assert.InRange(with.Last(estimate => estimate.Metric == Metric.SignalLoss).Value, 0, 0.5);
    }

    [SkippableFact]
    public void A_device_with_a_PPG_and_abdominal_leads_keeps_a_state_of_each_network_and_goes_on_from_a_snapshot_of_both()
    {
        using var rate = NetworkStageTests.Shipped();
        using var fetal = Model(TestModel.Network(rows: FetalFeatures.InputRowCount));
        var chunks = Chunks();
        IWindowStage[] Make(SampleChunk first) => Stages.Create(first.Channels, first.RateHz, [rate, fetal]);
        var whole = new PatientRun(Make);
        var restored = new PatientRun(Make);

        foreach (var chunk in chunks)
        {
            Assert.Equal(whole.Take(chunk), restored.Take(chunk));
            var snapshot = restored.Capture(new StateTransfer());
            if (chunk.FirstSampleIndex < 12 * 500)
                continue;
            Assert.Equal([StateBlock.RateNetwork, StateBlock.FetalNetwork], snapshot.Devices[0].Stream.Blocks.Where(b => StateBlock.IsOfNetwork(b.Name)).Select(b => b.Name).Order(StringComparer.Ordinal).Reverse());
            restored = PatientRun.Restore(SnapshotCodec.Encode(snapshot), out var told, Make)!;
            Assert.Null(told);
        }
    }

    [SkippableFact]
    public void Another_network_begins_without_a_past_and_one_that_does_not_take_the_rate_leaves_the_classical_estimate()
    {
        using var fetal = Model(TestModel.Network(rows: FetalFeatures.InputRowCount));
        var layout = SyntheticAbdomen.Layout(2);
        var stage = new FetalStage(layout, 500, WindowShape.Default, fetal);
        var output = new StageOutput();
        var chunks = StageRun.Chunked(Abdomen.Samples(), layout, 500, 500).Take(12).ToList();
        var stream = new DeviceStream(WindowShape.Default, _ => [stage], chunks[0]);
        var memory = new RateMemory();
        foreach (var chunk in chunks)
        {
            stream.Accept(chunk);
            while (stream.TryNext(output, out _))
                foreach (var question in output.Questions)
                    question.Ask(memory);
            output.Clear();
        }
        Assert.Null(fetal.FindMisfit(500, WindowShape.Default));
        Assert.Contains("the stream has 200", fetal.FindMisfit(200, WindowShape.Default), StringComparison.Ordinal);
        Assert.Equal(fetal.Identity, memory.Identity);
        Assert.Contains(memory.State, value => value != 0);

        var next = new FetalQuestion(Model(TestModel.Network(6, FetalFeatures.InputRowCount)));
        next.Begin(memory);

        Assert.All(memory.State, value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_package_for_another_task_is_refused_with_both_sides_named()
    {
        var package = ModelPackage.Load(Path.Combine(ModelCatalog.OwnFolder!, "heart-rate"));

        var fault = Assert.Throws<InvalidDataException>(() => new FetalModel(package));

        Assert.Contains("is for the task 'heart_rate'; 'fetal' is wanted", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Estimate_refuses_a_package_of_another_task()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var path = SimulatedRecording.Write(_folder.Path, "bed", "ecg", 10).Path;

        var exit = await CommandLine.InvokeAsync(["estimate", path, "--fetal-model", "heart-rate"], output, error, CancellationToken.None);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains("is for the task 'heart_rate'; 'fetal' is wanted", error.ToString(), StringComparison.Ordinal);
    }

    private FetalModel Model(RateNetwork network)
    {
        var folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        FetalTrainer.Save(folder, "test", network, new Dictionary<string, string>());
        return new FetalModel(ModelPackage.Load(folder));
    }

    private static List<SampleChunk> Chunks()
    {
        var leads = Abdomen.Samples();
        float[] pulse = [.. Enumerable.Range(0, leads[0].Length).Select(i => (float)Math.Pow(0.5 + 0.5 * Math.Sin(2 * Math.PI * 1.2 * i / 500), 3))];
        var layout = new ChannelLayout([new Channel("PLETH", SignalKind.Ppg, ""), .. SyntheticAbdomen.Layout(2).Span]);
        return [.. StageRun.Chunked([pulse, .. leads], layout, 500, 500).Take(24)];
    }
}
