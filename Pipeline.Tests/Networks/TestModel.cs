using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Torch;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;
using TorchSharp;

namespace Pipeline.Tests.Networks;

/// <summary>An untrained network with nothing at zero, as a package.</summary>
internal static class TestModel
{
    public static RateNetwork Network(int seed = 5, int rows = RateFeatures.InputRowCount) => Stirred(() => new RateNetwork(rows), seed);

    public static RateArchitecture Of(string architecture) => Stirred(RateArchitectures.All.Single(one => one.Name == architecture).Create, 5);

    private static T Stirred<T>(Func<T> create, int seed)
        where T : RateArchitecture
    {
        NeedLibtorch.OrSkip();
        using var still = torch.no_grad();
        torch.manual_seed(seed);
        var network = create();
        foreach (var parameter in network.parameters())
            parameter.add_(torch.randn(parameter.shape), 0.05);
        return network;
    }

    public static ModelPackage Save(string folder, RateArchitecture network)
    {
        RatePackage.Save(folder, "test", network, new Dictionary<string, string> { ["figures"] = "none" });
        return ModelPackage.Load(folder);
    }
}
