using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Evaluation;
using Pipeline.Training.Explanation;
using Pipeline.Training.Export;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>The heart-rate network that ships, with weights of 8 bits.</summary>
public sealed class QuantizeTests : EvaluatedRecordings
{
    private static readonly PpgSignal Wrist = new() { Seconds = 60, RateHz = 50, HeartRate = t => 70 + 0.5 * t, Motion = _ => 150, MotionGain = 0.3, PulseChannels = 2 };

    [Fact]
    public void It_follows_the_heart_as_the_network_in_float_does_and_is_less_than_two_fifths_as_large()
    {
        using var model = Shipped();
        var asked = SeenWindow.Of(Wrist.Chunks(), model).ToList();

        var network = OnnxQuantizer.Quantize(model.Package.Network.Span, [.. asked.Select(seen => (seen.Input, seen.State))]);

        Assert.InRange(network.Length, 1, 0.4 * model.Package.Network.Length);
        using var session = new OnnxSession(network, [1]);
        var most = 0.0;
        foreach (var seen in asked)     // on its own state, as in service
        {
            seen.Input.CopyTo(session.Input);
            session.Run(1);
            var (exact, rounded) = (RateReadout.Read(seen.Output.AsSpan(0, RateFeatures.RateCount)).Rate, RateReadout.Read(session.Output[..RateFeatures.RateCount]).Rate);
            Assert.Equal(exact, rounded, 1.0);
            most = Math.Max(most, Math.Abs(exact - rounded));
            session.NextState.CopyTo(session.State);
        }
        Assert.True(most > 0, "The weights were not rounded.");
    }

    [Fact]
    public void The_same_rows_give_the_same_file_and_it_is_explained_like_any_other()
    {
        using var model = Shipped();
        var asked = SeenWindow.Of(Wrist.Chunks(), model).Take(8).ToList();
        (float[], float[])[] rows = [.. asked.Select(seen => (seen.Input, seen.State))];

        var network = OnnxQuantizer.Quantize(model.Package.Network.Span, rows);

        Assert.Equal(network, OnnxQuantizer.Quantize(model.Package.Network.Span, rows));
        Assert.True(ExplainedGraph.Of(network, RateFeatures.InputRowCount, RateFeatures.RateCount).HasFeatures);
        using var explainer = new RateExplainer(network);
        Assert.Equal(RateReadout.Read(asked[^1].Output.AsSpan(0, RateFeatures.RateCount)).Rate, explainer.Explain(asked[^1].Input, asked[^1].State, withGradients: false).Rate, 1.0);
    }

    [Fact]
    public async Task The_command_writes_a_package_that_serves_and_says_what_it_costs()
    {
        var (data, folder) = (Data(), Path.Combine(FolderPath, "int8"));

        var (exit, output, _) = await RunAsync("quantize", "heart-rate", "--data", data, "--out", folder);
        var again = await RunAsync("quantize", folder, "--data", data, "--out", folder + "2");
        var estimated = await RunAsync("estimate", Path.Combine(data, "a.hea"), "--model", folder);

        Assert.Equal((ExitCode.Ok, ExitCode.BadUsage, ExitCode.Ok), (exit, again.Exit, estimated.Exit));
        Assert.Contains("cannot be quantised", again.Error, StringComparison.Ordinal);
        var package = ModelPackage.Load(folder);
        Assert.EndsWith("-int8", package.Identity, StringComparison.Ordinal);
        Assert.Contains("calibrated on a;", package.Manifest.Card["quantised"], StringComparison.Ordinal);
        Assert.Equal(
            ["set", "data", "data", "model", package.Identity[..^5], package.Identity],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')[0]));
    }

    private static RateModel Shipped() => ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package");
}
