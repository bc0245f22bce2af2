using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Training.Export;
using TorchSharp;

namespace Pipeline.Training.HeartRate;

/// <summary>Writes a trained network as a model package.</summary>
public static class RatePackage
{
    // The spectra reach up to 8 Hz; above, rate only costs decimation.
    private const double MinRateHz = 25, MaxRateHz = 1000;

    /// <summary>
    /// Writes <c>model.json</c>, <c>model.onnx</c> and <c>weights.safetensors</c> to <paramref name="folder"/>; the version is the
    /// beginning of the weights' hash, so the same weights have the same name. Returns name and version.
    /// </summary>
    public static string Save(string folder, string name, RateArchitecture network, IReadOnlyDictionary<string, string> card) =>
        Save(folder, name, network, RateModel.Task, RateFeatures.Name, ["ppg", "acc"], (MinRateHz, MaxRateHz), RateFeatures.InputRowCount, card);

    /// <summary>The same of a network for another task, with other features.</summary>
    internal static string Save(
        string folder, string name, RateArchitecture network, string task, string features, string[] kinds, (double Min, double Max) rateHz, int rows,
        IReadOnlyDictionary<string, string> card)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var scope = torch.NewDisposeScope();
        var manifest = new ModelManifest
        {
            Format = ModelPackage.Format,
            Name = name,
            Version = "",
            Task = task,
            Features = features,
            Kinds = kinds,
            MinRateHz = rateHz.Min,
            MaxRateHz = rateHz.Max,
            WindowSeconds = 8,
            HopSeconds = 2,
            InputLength = rows * RateFeatures.RateCount,
            StateLength = network.StateCount,
            OutputLength = RateArchitecture.OutputLength,
            Parameters = (int)network.parameters().Sum(p => p.numel()),
            Mflop = Math.Round(network.Flop / 1e6, 2),
            Sha256 = new Dictionary<string, string>(),
            Card = card,
        };
        return TrainedPackage.Save(folder, manifest, network.state_dict(), network.ToOnnx());
    }
}
