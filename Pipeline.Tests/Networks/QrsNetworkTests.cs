using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Serving;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Training.Qrs;
using TorchSharp;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>The QRS network: trained, exported and run in place it is one network; what does not fit is refused.</summary>
public sealed class QrsNetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Trained_exported_and_run_in_place_it_gives_the_same_odds()
    {
        NeedLibtorch.OrSkip();
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(7);
        var random = new Random(7);
        float[] Draw(double low, double high) => [.. Enumerable.Range(0, QrsClassifier.InputLength).Select(_ => (float)(low + (high - low) * random.NextDouble()))];
        using var trained = new QrsClassifier(Draw(-1, 1), Draw(0.2, 3));
        QrsPackage.Save(_folder.Path, "test", trained, new Dictionary<string, string>());
        var package = ModelPackage.Load(_folder.Path);
        var network = new QrsModel(package).Network;
        using var session = package.Open([1]);

        for (var i = 0; i < 200; i++)
        {
            var candidate = Draw(-4, 4);
            var normalised = new float[candidate.Length];
            trained.Normalise(candidate, normalised);
            var expected = trained.Forward(torch.tensor(normalised, [1, normalised.Length])).item<float>();
            var exported = new float[1];
            session.Forward(1, candidate, [], exported, []);

            Assert.Equal(expected, exported[0], 1e-5);
            Assert.Equal(expected, network.LogOdds(candidate), 1e-5);
        }
    }

    [Fact]
    public void The_shipped_network_has_about_three_thousand_weights_and_contains_no_part_of_the_ensemble()
    {
        var package = ModelPackage.Load(Shipped());
        using var header = SafetensorsHeader(package);

        var weights = header.RootElement.EnumerateObject().Where(t => t.Name is not ("mean" or "scale" or "__metadata__"))
            .ToDictionary(t => t.Name, t => t.Value.GetProperty("shape").EnumerateArray().Aggregate(1, (product, d) => product * d.GetInt32()));

        Assert.Equal(["hidden.bias", "hidden.weight", "output.bias", "output.weight"], weights.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(package.Manifest.Parameters, weights.Values.Sum());
        Assert.InRange(weights.Values.Sum(), 2500, 3500);
    }

    [Fact]
    public void The_shipped_network_run_in_place_gives_what_its_ONNX_file_gives()
    {
        var package = ModelPackage.Load(Shipped());
        var network = new QrsModel(package).Network;
        using var session = package.Open([1]);
        var candidates = new List<float[]>();
        var ecg = new SyntheticEcg { RateHz = 360, Noise = 0.08, Seconds = 30 };
        var detector = new QrsDetector(360, [1, 1], network: network) { Observer = (_, _, input) => candidates.Add(input.ToArray()) };
        var (a, b) = (ecg.Samples(), ecg.Samples(-0.4, seed: 2));
        var beats = new List<double>();
        for (var i = 0; i < a.Length; i++)
            detector.Take([a[i], b[i]], beats);

        Assert.True(candidates.Count > 30, $"{candidates.Count} candidates");
        var odds = new float[1];
        foreach (var candidate in candidates)
        {
            session.Forward(1, candidate, [], odds, []);
            Assert.Equal(odds[0], network.LogOdds(candidate), 1e-5 * Math.Max(1, Math.Abs(odds[0])));
        }
    }

    [Theory]
    [InlineData("task", "\"heart_rate\"", "is for the task 'heart_rate'; 'qrs' is wanted")]
    [InlineData("features", "\"wavelets\"", "takes the features 'wavelets'; this program makes 'qrs-candidate-2'")]
    [InlineData("input_length", "7", "takes 7 floats")]
    public void A_package_that_does_not_fit_is_refused_with_both_sides_named(string key, string value, string message)
    {
        foreach (var file in Directory.GetFiles(Shipped()))
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)));
        var path = Path.Combine(_folder.Path, ModelPackage.ManifestFile);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest[key] = JsonNode.Parse(value);
        File.WriteAllText(path, manifest.ToJsonString());

        var fault = Assert.Throws<InvalidDataException>(() => new QrsModel(ModelPackage.Load(_folder.Path))).Message;

        Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_name_the_network_that_decided_or_the_rule()
    {
        var lead = new SyntheticEcg { Seconds = 12 }.Samples();

        var byNetwork = StageRun.Ecg(250, [lead]).SelectMany(r => r.Estimates).Select(e => e.Model).Distinct();
        var byRule = StageRun.Ecg(250, [lead], byRule: true).SelectMany(r => r.Estimates).Select(e => e.Model).Distinct();

        Assert.Equal([StageRun.Network.Identity], byNetwork);
        Assert.Equal([Stages.Classical], byRule);
    }

    [Fact]
    public void Another_network_decides_from_the_next_window_on_and_what_is_known_of_the_signal_stays()
    {
        using var versions = new TestModels();
        var (same, deaf) = (versions.OpenQrs("2"), versions.OpenQrs("3", isDeaf: true));
        var lead = new SyntheticEcg { Seconds = 60 }.Samples();
        var whole = StageRun.Ecg(250, [lead]);
        EcgStage? stage = null;
        var layout = new ChannelLayout(new Channel("L", SignalKind.Ecg, "mV"));
        var found = new List<WindowResult>();
        foreach (var result in StreamRun.Of(StageRun.Chunked([lead], layout, 250, 250), first => [stage = new EcgStage(first.Channels, first.RateHz, StageRun.Network)]))
        {
            found.Add(result);
            if (found.Count == 8)
                stage!.Use(same);
            if (found.Count == 16)
                stage!.Use(deaf);
        }

        Assert.Equal(whole.Length, found.Count);
        Assert.Equal(whole.Take(16).SelectMany(r => r.Beats), found.Take(16).SelectMany(r => r.Beats));
        Assert.Equal(whole.Take(16).SelectMany(r => r.Estimates).Select(e => e.Value), found.Take(16).SelectMany(r => r.Estimates).Select(e => e.Value));
        Assert.Equal(["qrs@2", "qrs@3"], found.SelectMany(r => r.Estimates).Select(e => e.Model).Distinct().Except([StageRun.Network.Identity]));
        Assert.Equal((8, 8), (found.SelectMany(r => r.Estimates).Count(e => e.Model == StageRun.Network.Identity), found.SelectMany(r => r.Estimates).Count(e => e.Model == "qrs@2")));
        Assert.DoesNotContain(found.Skip(18).SelectMany(r => r.Beats), _ => true);
        Assert.True(double.IsNaN(found[^2].Estimates[0].Value));
    }

    private static JsonDocument SafetensorsHeader(ModelPackage package)
    {
        var bytes = package.ReadWeights();
        return JsonDocument.Parse(bytes.AsMemory(8, (int)BitConverter.ToInt64(bytes)));
    }

    private static string Shipped() => Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), "qrs");
}
