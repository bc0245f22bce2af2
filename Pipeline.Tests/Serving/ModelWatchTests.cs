using Microsoft.Extensions.Logging;
using Pipeline.Actors.Serving;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class ModelWatchTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ListLogger<ModelWatch> _log = new();
    private readonly ReloadMetrics _metrics = new();
    private readonly NetworkRegistry _models;
    private readonly ModelWatch _watch;

    public ModelWatchTests()
    {
        TestModels.Write(Folder, "1");
        _models = TestModels.Serve(new RateModel(ModelPackage.Load(Folder)));
        _watch = ModelWatch.Of(_models, NetworkKind.HeartRate, _metrics, TimeProvider.System, _log);
        Look(2);
    }

    private string Folder => Path.Combine(_folder.Path, "model");

    [Fact]
    public void A_new_version_is_taken_when_two_looks_saw_the_same()
    {
        TestModels.Write(Folder, "2");
        Look(1);
        Assert.Equal("heart-rate@1", _models[RateModel.Task]!.Identity);
        Look(1);

        Assert.Equal("heart-rate@2", _models[RateModel.Task]!.Identity);
        Look(3);
        Assert.Equal("Model heart-rate@2 is in service instead of heart-rate@1: each shard asks it from its next record on", Assert.Single(_log.At(LogLevel.Information)));
    }

    [Fact]
    public void A_package_that_is_being_copied_is_not_taken_until_it_is_whole()
    {
        var network = File.ReadAllBytes(Path.Combine(Folder, ModelPackage.NetworkFile));
        TestModels.Write(Folder, "2");
        for (var part = 1; part <= 4; part++)
        {
            File.WriteAllBytes(Path.Combine(Folder, ModelPackage.NetworkFile), network[..(network.Length * part / 4)]);
            Look(1);
            Assert.Equal("heart-rate@1", _models[RateModel.Task]!.Identity);
        }
        Look(1);

        Assert.Equal("heart-rate@2", _models[RateModel.Task]!.Identity);
        Assert.Empty(_log.At(LogLevel.Warning));
    }

    [Fact]
    public void A_broken_package_is_refused_once_with_both_sides_named_and_mending_it_is_enough()
    {
        TestModels.Write(Folder, "2");
        var weights = Path.Combine(Folder, ModelPackage.WeightsFile);
        var whole = File.ReadAllBytes(weights);
        File.WriteAllBytes(weights, whole[..100]);
        Look(5);

        var text = Assert.Single(_log.At(LogLevel.Warning));
        Assert.Matches("is refused, heart-rate@1 stays: .*weights.safetensors has SHA-256 [0-9a-f]{64}; model.json says [0-9a-f]{64}", text);
        File.WriteAllBytes(weights, whole);
        Look(2);
        Assert.Equal("heart-rate@2", _models[RateModel.Task]!.Identity);
    }

    [Theory]
    [InlineData("task", "\"sleep\"", "is for the task 'sleep'; 'heart_rate' is wanted")]
    [InlineData("format", "9", "has format 9; this program reads 1")]
    public void A_package_that_does_not_fit_is_refused(string key, string value, string reason)
    {
        TestModels.Write(Folder, "2");
        TestModels.Change(Folder, key, System.Text.Json.Nodes.JsonNode.Parse(value)!);
        Look(3);

        Assert.Contains(reason, Assert.Single(_log.At(LogLevel.Warning)), StringComparison.Ordinal);
        Assert.Equal("heart-rate@1", _models[RateModel.Task]!.Identity);
    }

    [Fact]
    public void A_folder_that_goes_is_refused_and_the_model_stays()
    {
        Directory.Delete(Folder, recursive: true);
        Look(3);

        Assert.Contains("is no model package: it has no model.json", Assert.Single(_log.At(LogLevel.Warning)), StringComparison.Ordinal);
        Assert.Equal("heart-rate@1", _models[RateModel.Task]!.Identity);
    }

    [Fact]
    public void Another_network_under_the_same_version_is_refused_and_another_card_is_not_a_new_model()
    {
        TestModels.Change(Folder, "mflop", 77);
        Look(2);
        Assert.Empty(_log.At(LogLevel.Information));
        Assert.Empty(_log.At(LogLevel.Warning));

        var network = Path.Combine(Folder, ModelPackage.NetworkFile);
        File.AppendAllText(network, "x");
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(network)));
        var hashes = new System.Text.Json.Nodes.JsonObject
        {
            [ModelPackage.NetworkFile] = hash,
            [ModelPackage.WeightsFile] = _models[RateModel.Task]!.Package.Manifest.Sha256[ModelPackage.WeightsFile],
        };
        TestModels.Change(Folder, "sha256", hashes);
        Look(2);

        Assert.Contains("under the same name and version", Assert.Single(_log.At(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_QRS_network_is_taken_and_a_broken_one_is_refused()
    {
        var folder = TestModels.WriteQrs(Path.Combine(_folder.Path, "qrs"), "1");
        await using var qrs = TestModels.ServeQrs(new QrsModel(ModelPackage.Load(folder)));
        var watch = ModelWatch.Of(qrs, NetworkKind.Qrs, _metrics, TimeProvider.System, _log);
        TestModels.WriteQrs(folder, "2", isDeaf: true);
        watch.Look();
        watch.Look();
        Assert.Equal("qrs@2", qrs[QrsModel.Task]!.Identity);

        TestModels.WriteQrs(folder, "2");
        watch.Look();
        watch.Look();
        TestModels.Change(folder, "input_length", 7);
        TestModels.Change(folder, "version", "3");
        watch.Look();
        watch.Look();

        Assert.Equal("qrs@2", qrs[QrsModel.Task]!.Identity);
        Assert.Equal("Model qrs@2 is in service instead of qrs@1: each shard asks it from its next record on", Assert.Single(_log.At(LogLevel.Information)));
        Assert.Collection(
            _log.At(LogLevel.Warning),
            text => Assert.Contains("another weights.safetensors under the same name and version", text, StringComparison.Ordinal),
            text => Assert.Contains("is refused, qrs@2 stays: qrs@3 takes 7 floats", text, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        await _models.DisposeAsync();
        _folder.Dispose();
    }

    private void Look(int times)
    {
        for (var i = 0; i < times; i++)
            _watch.Look();
    }
}
