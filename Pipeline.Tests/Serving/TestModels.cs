using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Serving;

/// <summary>The shipped packages under other versions: what is run of a heart-rate network is given beside it.</summary>
internal sealed class TestModels : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A model with <paramref name="version"/>; the caller's.</summary>
    public RateModel Open(string version) => new(ModelPackage.Load(Write(_folder.Path + "/" + version, version)));

    /// <summary>A registry with one heart-rate network, which runs in <see cref="StepSession"/>s unless <paramref name="open"/> opens others.</summary>
    public static NetworkRegistry Serve(
        RateModel first, InferenceOptions? options = null, Func<RateModel, IReadOnlyList<int>, IModelSession>? open = null, Func<string, INetwork?>? find = null)
    {
        var networks = new NetworkRegistry(options ?? new InferenceOptions(), TimeProvider.System);
        open ??= (model, sizes) => new StepSession(model, sizes);
        networks.Add(first, (network, sizes) => open((RateModel)network, sizes), find);
        return networks;
    }

    /// <summary>A registry with one QRS network.</summary>
    public static NetworkRegistry ServeQrs(QrsModel first, Func<string, INetwork?>? find = null)
    {
        var networks = new NetworkRegistry(new InferenceOptions(), TimeProvider.System);
        networks.Add(first, find: find);
        return networks;
    }

    /// <summary>Writes the shipped package to <paramref name="folder"/> with another version.</summary>
    public static string Write(string folder, string version, string name = "heart-rate")
    {
        var source = Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), name);
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        Change(folder, "version", version);
        return folder;
    }

    /// <summary>A QRS network with <paramref name="version"/>; one that <paramref name="isDeaf"/> says of no candidate that it is a beat.</summary>
    public QrsModel OpenQrs(string version, bool isDeaf = false) => new(ModelPackage.Load(WriteQrs($"{_folder.Path}/qrs-{version}", version, isDeaf)));

    /// <summary>Writes the shipped QRS package to <paramref name="folder"/> with another version.</summary>
    public static string WriteQrs(string folder, string version, bool isDeaf = false)
    {
        Write(folder, version, "qrs");
        if (!isDeaf)
            return folder;
        var path = Path.Combine(folder, ModelPackage.WeightsFile);
        var bytes = File.ReadAllBytes(path);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var bias = (int)JsonNode.Parse(bytes.AsSpan(8, header))!["output.bias"]!["data_offsets"]![0]!;   // safetensors: length, header, data
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8 + header + bias), -1000);
        File.WriteAllBytes(path, bytes);
        var network = File.ReadAllBytes(Path.Combine(folder, ModelPackage.NetworkFile));
        Change(folder, "sha256", new JsonObject
        {
            [ModelPackage.NetworkFile] = Convert.ToHexStringLower(SHA256.HashData(network)),
            [ModelPackage.WeightsFile] = Convert.ToHexStringLower(SHA256.HashData(bytes)),
        });
        return folder;
    }

    /// <summary>Changes one value of the manifest.</summary>
    public static void Change(string folder, string key, JsonNode value)
    {
        var path = Path.Combine(folder, ModelPackage.ManifestFile);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();  // the shipped one is an object
        manifest[key] = value;
        File.WriteAllText(path, manifest.ToJsonString());
    }

    public void Dispose() => _folder.Dispose();
}
