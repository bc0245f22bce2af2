using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Torch;

public sealed class GradientTests
{
    public static TheoryData<string> Layers =>
    [
        "linear", "conv1d", "conv1d dilated", "conv2d", "batch norm", "batch norm in two dimensions", "lstm", "lstm both ways", "gru", "pools",
        "pools in two dimensions", "activations", "more activations", "losses", "losses as modules",
    ];

    [SkippableTheory]
    [MemberData(nameof(Layers))]
    public void Gradients_agree_with_central_differences(string layer)
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        manual_seed(3);
        var (x, module, forward) = Make(layer);
        using (module)
        {
            x.requires_grad_();
            Loss(forward(x)).backward();

            Compare(x, x.grad!, () => Loss(forward(x)).item<float>(), layer + " input");
            foreach (var (name, parameter) in module.named_parameters())
                Compare(parameter.Tensor, parameter.Tensor.grad!, () => Loss(forward(x)).item<float>(), $"{layer} {name}");
        }
    }

    private static Tensor Loss(Tensor y) => (y * y).sum() + y.sum();

    private static (Tensor X, nn.Module Module, Func<Tensor, Tensor> Forward) Make(string layer)
    {
        switch (layer)
        {
            case "linear":
                var linear = nn.Linear(5, 3);
                return (randn(4, 5), linear, linear.forward);
            case "conv1d":
                var conv = nn.Conv1d(2, 3, 3, padding: 1);
                return (randn(2, 2, 7), conv, conv.forward);
            case "conv1d dilated":
                var dilated = nn.Conv1d(4, 4, 3, stride: 2, padding: 2, dilation: 2, groups: 2);
                return (randn(2, 4, 9), dilated, dilated.forward);
            case "conv2d":
                var conv2 = nn.Conv2d(2, 3, (3, 2), padding: (1, 0));
                return (randn(2, 2, 5, 4), conv2, conv2.forward);
            case "batch norm":
                var norm = nn.BatchNorm1d(3);
                return (randn(6, 3, 4), norm, norm.forward);
            case "lstm":
                var lstm = nn.LSTM(3, 4, numLayers: 2);
                return (randn(5, 2, 3), lstm, x => lstm.forward(x).output);
            case "gru":
                var gru = nn.GRU(3, 4);
                return (randn(5, 2, 3), gru, x => gru.forward(x).output);
            case "lstm both ways":
                var both = nn.LSTM(3, 2, batchFirst: true, bidirectional: true);
                return (randn(2, 4, 3), both, x => both.forward(x).output);
            case "pools in two dimensions":
                var planes = nn.Sequential(("average", nn.AvgPool2d((2, 1))), ("max", nn.MaxPool2d((1, 2))), ("adaptive", nn.AdaptiveAvgPool2d((2, 2))));
                return (randn(2, 2, 6, 6), planes, planes.forward);
            case "batch norm in two dimensions":
                var plane = nn.BatchNorm2d(2);
                return (randn(3, 2, 3, 3), plane, plane.forward);
            case "more activations":
                var more = nn.Sequential(("elu", nn.ELU()), ("leaky", nn.LeakyReLU()), ("softplus", nn.Softplus()), ("logs", nn.LogSoftmax(1)), ("soft", nn.Softmax(1)));
                return (randn(3, 4), more, more.forward);
            case "losses as modules":
                var wanted = randn(3, 4);
                var losses = new[] { nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(0.5) };
                return (randn(3, 4), nn.Sequential(), x => losses.Aggregate(nn.CrossEntropyLoss().forward(x, wanted.softmax(1)) + nn.BCEWithLogitsLoss().forward(x, wanted.sigmoid()),
                    (sum, loss) => sum + loss.forward(x, wanted)));
            case "pools":
                var pools = nn.Sequential(("max", nn.MaxPool1d(2)), ("adaptive", nn.AdaptiveAvgPool1d(3)), ("average", nn.AvgPool1d(3)));
                return (randn(2, 3, 12), pools, pools.forward);
            case "activations":
                var activations = nn.Sequential(("gelu", nn.GELU()), ("tanh", nn.Tanh()), ("silu", nn.SiLU()), ("sigmoid", nn.Sigmoid()));
                return (randn(3, 4), activations, activations.forward);
            default:
                var target = randn(3, 4);
                return (randn(3, 4), nn.Sequential(), x => nn.functional.mse_loss(x, target) + nn.functional.huber_loss(x, target)
                    + nn.functional.cross_entropy(x, target.softmax(1)) + nn.functional.binary_cross_entropy_with_logits(x, target.sigmoid()));
        }
    }

    // Central differences in float32: a step of 1e-2 keeps rounding near 1e-4 of the value, so 2 % + 2e-2 is the bound that holds.
    private static void Compare(Tensor parameter, Tensor gradient, Func<float> loss, string what)
    {
        const float step = 1e-2f;
        using var still = no_grad();
        using var scope = NewDisposeScope();
        var expected = gradient.ToArray<float>();
        var numbers = parameter.detach().contiguous().data<float>();
        for (var i = 0; i < numbers.Length; i += Math.Max(1, numbers.Length / 12))
        {
            var before = numbers[i];
            numbers[i] = before + step;
            var above = loss();
            numbers[i] = before - step;
            var below = loss();
            numbers[i] = before;
            var slope = (above - below) / (2 * step);
            Assert.True(Math.Abs(slope - expected[i]) <= 2e-2 + 2e-2 * Math.Abs(slope), $"{what}[{i}]: gradient {expected[i]}, difference {slope}");
        }
    }
}
