using System.Globalization;
using System.Security.Cryptography;
using Pipeline.Models.Packages;
using TorchSharp;

namespace Pipeline.Training.Export;

/// <summary>Writes trained networks as model packages: <c>model.json</c>, <c>model.onnx</c> and <c>weights.safetensors</c>.</summary>
internal static class TrainedPackage
{
    private const int VersionDigits = 8;

    /// <summary>
    /// Writes the package; returns name and version. The version is the beginning of the weights' SHA-256, so that the same weights have the same name;
    /// that of <paramref name="manifest"/> is not read.
    /// </summary>
    public static string Save(string folder, ModelManifest manifest, IReadOnlyDictionary<string, torch.Tensor> weights, byte[] network)
    {
        using var stored = new MemoryStream();
        Safetensors.Save(stored, weights);
        var bytes = stored.ToArray();
        var version = Convert.ToHexStringLower(SHA256.HashData(bytes))[..VersionDigits];
        ModelPackage.Save(folder, manifest with { Version = version }, network, bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{manifest.Name}@{version}");
    }
}
