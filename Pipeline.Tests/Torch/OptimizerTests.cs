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
    public void A_state_that_is_taken_up_again_goes_on_with_the_same_bits()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var (kept, again) = (new Parameter(tensor([1f, -2f])), new Parameter(tensor([1f, -2f])));
        using var first = optim.AdamW([kept], 0.1);
        Step(first, kept, 3);
        using var second = optim.AdamW([again], 0.1);
        using (no_grad())
            again.copy_(kept);
        second.load_state_dict(first.state_dict().ToDictionary(s => s.Key, s => s.Value.clone()), first.StepCount);

        Step(first, kept, 2);
        Step(second, again, 2);

        Assert.Equal(kept.ToArray<float>(), again.ToArray<float>());

        static void Step(optim.Optimizer optimizer, Parameter parameter, int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                optimizer.zero_grad();
                (parameter * parameter).sum().backward();
                optimizer.step();
            }
        }
    }

    [SkippableFact]
    public void A_parameter_without_a_gradient_is_left_alone()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var (used, unused) = (new Parameter(tensor([1f])), new Parameter(tensor([5f])));
        using var optimizer = optim.AdamW([unused, used], 0.1, weight_decay: 0.5);
        (used * 2).sum().backward();

        optimizer.step();

        Assert.Equal(5f, unused.item<float>());
        Assert.Equal(1 - 0.05f - 0.1f, used.item<float>(), 1e-5f);
    }

    [SkippableTheory]
    [InlineData("step", new[] { 1, 1, 0.1, 0.1, 0.01 })]
    [InlineData("milestones", new[] { 1, 0.5, 0.5, 0.25, 0.25 })]
    [InlineData("exponential", new[] { 1, 0.5, 0.25, 0.125, 0.0625 })]
    [InlineData("linear", new[] { 0.5, 0.75, 1, 1, 1 })]
    [InlineData("cosine", new[] { 1, 0.853553, 0.5, 0.146447, 0 })]
    public void A_schedule_sets_the_rate_of_each_step(string kind, double[] factors)
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        using var optimizer = optim.SGD([new Parameter(tensor([1f]))], 2);
        var schedule = kind switch
        {
            "step" => optim.lr_scheduler.StepLR(optimizer, 2),
            "milestones" => optim.lr_scheduler.MultiStepLR(optimizer, [1, 3], 0.5),
            "exponential" => optim.lr_scheduler.ExponentialLR(optimizer, 0.5),
            "linear" => optim.lr_scheduler.LinearLR(optimizer, 0.5, 1, 2),
            _ => optim.lr_scheduler.CosineAnnealingLR(optimizer, 4),
        };

        var rates = factors.Select(_ =>
        {
            var rate = optimizer.LearningRate;
            schedule.step();
            return rate / 2;
        }).ToList();

        Assert.All(rates.Zip(factors), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    [SkippableFact]
    public void Gradients_can_be_cut_number_by_number()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var parameter = new Parameter(tensor([1f, 1f, 1f]));
        (parameter * tensor([3f, -4f, 0.5f])).sum().backward();

        nn.utils.clip_grad_value_([parameter], 1);

        Assert.Equal([1f, -1f, 0.5f], parameter.grad!.ToArray<float>());
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
