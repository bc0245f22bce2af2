using System.Text.Json.Nodes;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Serving;

/// <summary>The shipped package under other versions: what is run is given beside it.</summary>
internal sealed class TestModels : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A model with <paramref name="version"/>; the caller's.</summary>
    public RateModel Open(string version) => new(ModelPackage.Load(Write(_folder.Path + "/" + version, version)));

    /// <summary>Writes the shipped package to <paramref name="folder"/> with another version.</summary>
    public static string Write(string folder, string version)
    {
        var source = Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), "heart-rate");
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        Change(folder, "version", version);
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
