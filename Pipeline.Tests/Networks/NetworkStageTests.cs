using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Support;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>The network in the flow: its own state a stream, the classical stage's checks.</summary>
public sealed class NetworkStageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData(50, 3, true, RateArchitectures.Default)]
    [InlineData(125, 2, true, RateArchitectures.Default)]
    [InlineData(100, 1, false, RateArchitectures.Default)]
    [InlineData(50, 3, true, "deep-ppg")]
    [InlineData(50, 2, true, "lstm")]
    [InlineData(50, 2, true, "gru")]
    [InlineData(50, 1, true, "tcn")]
    public async Task A_served_package_answers_as_the_trained_network_and_the_classical_estimator_do_together_on_the_same_recording(
        double rateHz, int channels, bool accelerometer, string architecture)
    {
        using var network = TestModel.Of(architecture);
        var model = new RateModel(TestModel.Save(Path.Combine(_folder.Path, "test"), network));
        var signal = new PpgSignal
        {
            RateHz = rateHz,
            Seconds = 90,
            PulseChannels = channels,
            Accelerometer = accelerometer,
            HeartRate = t => 70 + t / 2,
            Motion = t => t > 30 ? 100 : 0,
            MotionGain = 0.8,
        };
        var chunks = signal.Chunks(0.7).ToList();

        var sink = new RecordingSink();
        await using var networks = new NetworkRegistry(new InferenceOptions(), TimeProvider.System);
        networks.Add(model, (asked, sizes) => asked.Package.Open(sizes));
        await TestPartitions.RunAsync(new InMemorySource(chunks), [sink], new TopologyOptions(), TimeProvider.System, default, networks: networks);
        var expected = RateTrainer.Run(network, RateSequence.From(Recording(chunks)));
        var classical = StreamRun.Of(chunks).SelectMany(r => r.Estimates).ToList();

        var served = sink.Points.OrderBy(p => p.WindowId).Select(p => p.Estimate).ToList();
        Assert.Equal(expected.Length, served.Count);
        for (var w = 0; w < served.Count; w++)
        {
            var (rate, other) = (expected[w].Rate, classical[w]);
            var isApart = Math.Abs(rate - other.Value) > 8;
            var isClassical = isApart && other.Quality >= 0.5;
            Assert.Equal((EstimateStatus.Ok, isClassical ? Stages.Classical : model.Identity), (served[w].Status, served[w].Model));
            Assert.Equal(isClassical ? other.Value : isApart ? rate : (rate + other.Value) / 2, served[w].Value, 0.05);
            Assert.Equal(isClassical ? other.Sigma : Math.Max(expected[w].Sigma, 0.5), served[w].Sigma, 0.05);
            Assert.Equal(Math.Min(Math.Min(expected[w].Trust, other.Quality), isApart ? 0.6 : 1), served[w].Quality, 0.01);
        }
    }

    [Fact]
    public void The_shipped_network_finds_the_rate_of_a_clean_pulse()
    {
        using var model = Shipped();

        var estimates = Estimates(model, new PpgSignal { HeartRate = _ => 83, Seconds = 60 }.Chunks());

        Assert.All(estimates.Skip(5), e => Assert.Equal(83, e.Value, 2.5));
        Assert.All(estimates, e => Assert.Equal(model.Identity, e.Model));
    }

    [Fact]
    public void After_a_gap_longer_than_a_window_a_stream_answers_as_a_new_one()
    {
        using var model = Shipped();
        var chunks = new PpgSignal { Seconds = 120, HeartRate = t => t < 50 ? 150 : 65 }.Chunks(2).ToList();

        var broken = Windows(model, chunks.Where(c => c.FirstSampleIndex < 40 * 125 || c.FirstSampleIndex >= 60 * 125));
        var fresh = Windows(model, chunks.Where(c => c.FirstSampleIndex >= 60 * 125));

        var again = broken.Where(w => w.Window.StartIndex >= 60 * 125).SelectMany(w => w.Estimates).ToList();
        Assert.NotEmpty(again);
        Assert.Equal(fresh.Where(w => w.Window.StartIndex >= 60 * 125).SelectMany(w => w.Estimates), again);
    }

    [Fact]
    public void Missing_and_flat_windows_have_the_classical_status_and_what_comes_after_is_found_again()
    {
        using var model = Shipped();
        double Spoil(int channel, double t, double value) => channel > 0 ? value : t is > 30 and < 48 ? double.NaN : t is > 70 and < 88 ? 3 : value;
        var chunks = new PpgSignal { Seconds = 120, HeartRate = _ => 77, Spoil = Spoil }.Chunks().ToList();

        var served = Estimates(model, chunks);
        var classical = StreamRun.Of(chunks).SelectMany(r => r.Estimates).ToList();

        Assert.Contains(EstimateStatus.Gap, served.Select(e => e.Status));
        Assert.Contains(EstimateStatus.Flat, served.Select(e => e.Status));
        Assert.Equal(classical.Select(e => e.Status), served.Select(e => e.Status));
        Assert.All(served, e => Assert.Equal(e.Status == EstimateStatus.Ok, double.IsFinite(e.Value) && e.Sigma > 0));
        Assert.Equal(77, served[^1].Value, 2.5);
    }

    [Fact]
    public void A_rate_that_the_package_does_not_take_is_estimated_by_the_classical_stage()
    {
        using var model = Shipped();

        var estimates = Estimates(model, new PpgSignal { RateHz = 20, Seconds = 30 }.Chunks());

        Assert.All(estimates, e => Assert.Equal(Stages.Classical, e.Model));
        Assert.Contains("the stream has 20", model.FindMisfit(20, WindowShape.Default), StringComparison.Ordinal);
        Assert.Contains("every 4 s", model.FindMisfit(50, new WindowShape(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(4))), StringComparison.Ordinal);
    }

    internal static RateModel Shipped() => ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package");

    private static List<WindowResult> Windows(RateModel model, IEnumerable<SampleChunk> chunks) =>
        [.. StreamRun.Of(chunks, first => Stages.Create(first.Channels, first.RateHz, [model]))];

    private static List<Estimate> Estimates(RateModel model, IEnumerable<SampleChunk> chunks) => [.. Windows(model, chunks).SelectMany(w => w.Estimates)];

    private static RateRecording Recording(List<SampleChunk> chunks)
    {
        float[][] Of(SignalKind kind) =>
            [.. chunks[0].Channels.IndicesOf(kind).Select(c => chunks.SelectMany(chunk => chunk.Float32(c).ToArray()).ToArray())];
        return new RateRecording("r", "r", "test", chunks[0].RateHz, Of(SignalKind.Ppg), Of(SignalKind.Acc), []);
    }
}
