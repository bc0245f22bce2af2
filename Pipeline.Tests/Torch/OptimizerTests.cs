using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Torch;

public sealed class OptimizerTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adam_takes_the_steps_of_its_definition(bool decoupled)
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        const double rate = 0.1, decay = 0.05;
        var parameter = new Parameter(tensor([1f, -2f, 3f]));
        using optim.Optimizer optimizer = decoupled ? optim.AdamW([parameter], rate, weight_decay: decay) : optim.Adam([parameter], rate, weight_decay: decay);
        var expected = new double[] { 1, -2, 3 };
        var (m, v) = (new double[3], new double[3]);

        for (var step = 1; step <= 5; step++)
        {
            optimizer.zero_grad();
            (parameter.Tensor * parameter.Tensor).sum().backward();
            optimizer.step();
            for (var i = 0; i < 3; i++)
            {
                var gradient = 2 * expected[i] + (decoupled ? 0 : decay * expected[i]);
                if (decoupled)
                    expected[i] *= 1 - rate * decay;
                m[i] = 0.9 * m[i] + 0.1 * gradient;
                v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
                expected[i] -= rate * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
        }

        Assert.All(parameter.Tensor.ToArray<float>().Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
    }

    [SkippableFact]
    public void Momentum_gathers_and_the_schedule_sets_the_rate()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var parameter = new Parameter(tensor([1f]));
        using var optimizer = optim.SGD([parameter], 0.1, momentum: 0.9);
        var schedule = optim.lr_scheduler.StepLR(optimizer, 1, 0.5);
        for (var step = 0; step < 2; step++)
        {
            optimizer.zero_grad();
            (parameter.Tensor * 3).sum().backward();
            optimizer.step();
            schedule.step();
        }

        // 1 − 0.1 · 3 − 0.05 · (0.9 · 3 + 3)
        Assert.Equal(0.415f, parameter.Tensor.item<float>(), 1e-6f);
        Assert.Equal(0.025, optimizer.LearningRate, 1e-12);
    }

    [SkippableFact]
    public void Clipping_scales_all_gradients_together()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var (a, b) = (new Parameter(tensor([1f])), new Parameter(tensor([1f])));
        (a.Tensor * 3 + b.Tensor * 4).sum().backward();

        var norm = nn.utils.clip_grad_norm_([a, b], 1);

        Assert.Equal(5, norm, 1e-5);
        Assert.Equal(0.6f, a.Tensor.grad!.item<float>(), 1e-4f);
        Assert.Equal(0.8f, b.Tensor.grad!.item<float>(), 1e-4f);
    }
}
