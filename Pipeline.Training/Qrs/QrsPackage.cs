using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Pipeline.Training.Export;

namespace Pipeline.Training.Qrs;

/// <summary>Writes a trained <see cref="QrsClassifier"/> as a model package.</summary>
public static class QrsPackage
{
    private const double MinRateHz = 80, MaxRateHz = 50_000;   // the stage averages fast signals down to about 300 Hz

    /// <summary>
    /// Writes <c>model.json</c>, <c>model.onnx</c> and <c>weights.safetensors</c> to <paramref name="folder"/>; the version is the
    /// beginning of the weights' hash. Returns name and version.
    /// </summary>
    public static string Save(string folder, string name, QrsClassifier network, IReadOnlyDictionary<string, string> card)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var scope = TorchSharp.torch.NewDisposeScope();
        const int hidden = QrsClassifier.Hidden, inputs = QrsClassifier.InputLength;
        var manifest = new ModelManifest
        {
            Format = ModelPackage.Format,
            Name = name,
            Version = "",
            Task = QrsModel.Task,
            Features = QrsNetworkInput.Name,
            Kinds = ["ecg"],
            MinRateHz = MinRateHz,
            MaxRateHz = MaxRateHz,
            WindowSeconds = 0,
            HopSeconds = 0,
            InputLength = inputs,
            StateLength = 0,
            OutputLength = 1,
            Parameters = hidden * (inputs + 1) + hidden + 1,
            Mflop = Math.Round(2e-6 * hidden * (inputs + 1), 4),
            Sha256 = new Dictionary<string, string>(),
            Card = card,
        };
        return TrainedPackage.Save(folder, manifest, network.Weights(), network.ToOnnx());
    }
}
