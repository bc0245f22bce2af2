using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static class optim
    {
        /// <summary>Changes parameters by their gradients. Its state belongs to it: no dispose scope frees it.</summary>
        public abstract class Optimizer : IDisposable
        {
            private protected readonly List<Parameter> Parameters;
            private readonly Dictionary<string, Tensor[]> _state = [];

            private protected Optimizer(IEnumerable<Parameter> parameters, double lr)
            {
                Parameters = [.. parameters];
                LearningRate = lr;
            }

            public double LearningRate { get; set; }

            public long StepCount { get; set; }

            public void zero_grad()
            {
                foreach (var parameter in Parameters)
                    parameter.grad = null;
            }

            public void step()
            {
                using var scope = NewDisposeScope();
                using var still = no_grad();
                StepCount++;
                var (indices, gradients) = (new List<int>(), new List<Tensor>());
                for (var i = 0; i < Parameters.Count; i++)
                    if (Parameters[i].grad is { } gradient)
                    {
                        indices.Add(i);
                        gradients.Add(gradient);
                    }
                if (indices.Count > 0)
                    Update(indices, [.. indices.Select(i => (Tensor)Parameters[i])], [.. gradients]);
            }

            /// <summary>One step of the parameters that have gradients; <paramref name="indices"/> are their places among all.</summary>
            private protected abstract void Update(IReadOnlyList<int> indices, Tensor[] parameters, Tensor[] gradients);

            private protected Tensor[] States(string name, IReadOnlyList<int> indices) => [.. indices.Select(i => State(name, i))];

            private protected Tensor State(string name, int index)
            {
                if (!_state.TryGetValue(name, out var tensors))
                    _state[name] = tensors = new Tensor[Parameters.Count];
                return tensors[index] ??= zeros_like(Parameters[index]).detach().DetachFromDisposeScope();
            }

            /// <summary>What has to be kept to go on later exactly as now: every state tensor, made when it is not there yet.</summary>
            public Dictionary<string, Tensor> state_dict() =>
                StateNames.SelectMany(n => Enumerable.Range(0, Parameters.Count).Select(i => ($"{n}.{i}", State(n, i)))).ToDictionary(p => p.Item1, p => p.Item2);

            public void load_state_dict(IReadOnlyDictionary<string, Tensor> state, long stepCount)
            {
                StepCount = stepCount;
                using var still = no_grad();
                foreach (var (path, tensor) in state_dict())
                    tensor.copy_(state[path]);
            }

            private protected abstract string[] StateNames { get; }

            private protected static Tensor[] Each(string operation, string overload, params ReadOnlySpan<Argument> arguments) =>
                Operator.Get("_foreach_" + operation, overload).Call(arguments);

            public void Dispose()
            {
                foreach (var tensor in _state.Values.SelectMany(t => t))
                    tensor?.Dispose();
                GC.SuppressFinalize(this);
            }
        }

        /// <summary>Adam (Kingma and Ba 2015, arXiv 1412.6980); with decoupled decay AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101).</summary>
        public sealed class AdamOptimizer : Optimizer
        {
            private readonly double _beta1, _beta2, _eps, _decay;
            private readonly bool _decoupled;

            internal AdamOptimizer(IEnumerable<Parameter> parameters, double lr, double beta1, double beta2, double eps, double decay, bool decoupled)
                : base(parameters, lr) => (_beta1, _beta2, _eps, _decay, _decoupled) = (beta1, beta2, eps, decay, decoupled);

            private protected override string[] StateNames => ["exp_avg", "exp_avg_sq"];

            // One call for all parameters at a time: the same operations in the same order as parameter by parameter, with the same bits.
            private protected override void Update(IReadOnlyList<int> indices, Tensor[] parameters, Tensor[] gradients)
            {
                if (_decay != 0 && _decoupled)
                    Each("mul_", "Scalar", parameters, 1 - LearningRate * _decay);
                else if (_decay != 0)
                    gradients = Each("add", "List", gradients, Each("mul", "Scalar", parameters, _decay));
                var (means, squares) = (States("exp_avg", indices), States("exp_avg_sq", indices));
                Each("mul_", "Scalar", means, _beta1);
                Each("add_", "List", means, gradients, 1 - _beta1);
                Each("mul_", "Scalar", squares, _beta2);
                Each("addcmul_", "Scalar", squares, gradients, gradients, 1 - _beta2);
                var correction1 = 1 - Math.Pow(_beta1, StepCount);
                var correction2 = 1 - Math.Pow(_beta2, StepCount);
                var denominators = Each("sqrt", "", squares);
                Each("mul_", "Scalar", denominators, 1 / Math.Sqrt(correction2));
                Each("add_", "Scalar", denominators, _eps);
                Each("addcdiv_", "Scalar", parameters, means, denominators, -LearningRate / correction1);
            }
        }

        public sealed class SgdOptimizer : Optimizer
        {
            private readonly double _momentum, _decay;

            internal SgdOptimizer(IEnumerable<Parameter> parameters, double lr, double momentum, double decay)
                : base(parameters, lr) => (_momentum, _decay) = (momentum, decay);

            private protected override string[] StateNames => _momentum == 0 ? [] : ["momentum_buffer"];

            private protected override void Update(IReadOnlyList<int> indices, Tensor[] parameters, Tensor[] gradients)
            {
                if (_decay != 0)
                    gradients = Each("add", "List", gradients, Each("mul", "Scalar", parameters, _decay));
                if (_momentum != 0)
                {
                    var gathered = States("momentum_buffer", indices);
                    Each("mul_", "Scalar", gathered, _momentum);
                    Each("add_", "List", gathered, gradients);
                    gradients = gathered;
                }
                Each("add_", "List", parameters, gradients, -LearningRate);
            }
        }

        public static AdamOptimizer Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) =>
            new(parameters, lr, beta1, beta2, eps, weight_decay, decoupled: false);

        public static AdamOptimizer AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 1e-2) =>
            new(parameters, lr, beta1, beta2, eps, weight_decay, decoupled: true);

        public static SgdOptimizer SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double weight_decay = 0) =>
            new(parameters, learningRate, momentum, weight_decay);

        public static class lr_scheduler
        {
            /// <summary>Sets the optimiser's rate to its first one times a factor of the step, from step 0.</summary>
            public sealed class LRScheduler
            {
                private readonly Optimizer _optimizer;
                private readonly Func<long, double> _factor;
                private readonly double _first;

                internal LRScheduler(Optimizer optimizer, Func<long, double> factor)
                {
                    (_optimizer, _factor, _first) = (optimizer, factor, optimizer.LearningRate);
                    optimizer.LearningRate = _first * factor(0);
                }

                public long LastStep { get; private set; }

                public void step() => step(LastStep + 1);

                public void step(long at)
                {
                    LastStep = at;
                    _optimizer.LearningRate = _first * _factor(at);
                }
            }

            public static LRScheduler LambdaLR(Optimizer optimizer, Func<long, double> lr_lambda) => new(optimizer, lr_lambda);

            public static LRScheduler StepLR(Optimizer optimizer, long step_size, double gamma = 0.1) => new(optimizer, t => Math.Pow(gamma, t / step_size));

            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<long> milestones, double gamma = 0.1) =>
                new(optimizer, t => Math.Pow(gamma, milestones.Count(m => m <= t)));

            public static LRScheduler ExponentialLR(Optimizer optimizer, double gamma = 0.1) => new(optimizer, t => Math.Pow(gamma, t));

            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1, long total_iters = 5) =>
                new(optimizer, t => start_factor + (end_factor - start_factor) * Math.Min(t, total_iters) / total_iters);

            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, long T_max, double eta_min = 0)
            {
                var first = optimizer.LearningRate;
                return new(optimizer, t => (eta_min + (first - eta_min) * (1 + Math.Cos(Math.PI * Math.Min(t, T_max) / T_max)) / 2) / first);
            }
        }
    }
}
