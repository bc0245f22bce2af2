"""The heart-rate network's training step in Python PyTorch: the reference of `./pipeline bench training`.

Argument: a safetensors file with the weights (network.*) and one batch (batch.*). Prints the loss of the batch, then, for each number of steps
that is read, the CPU seconds that they took. The network and its loss are those of Pipeline.Training/RateNetwork.cs and RateTargets.cs; that they
still are is checked by their first losses, which must be equal.
"""
import json
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS, HIDDEN, REACH, MIX, TAPS, GUARD, MOST_EVIDENCE, MOST_WEIGHT = 16, 16, 10, 8, 5, 1e-8, 1.0, 0.35
CLASSICAL_FLOOR, PLAIN_SHARE, PLAIN_LEAK, PLAIN_SCALE = 4, 0.3, 2e-4, 1.25
VARIANCE_GUARD = 1e-4
DISTANCE_WEIGHT, TRUST_WEIGHT, TARGET_SD, NEAR_RATES = 0.6, 0.1, 1.2, 4


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    notes = header.pop("__metadata__", {})
    return notes, {
        name: torch.frombuffer(data, dtype=torch.float32, count=(t["data_offsets"][1] - t["data_offsets"][0]) // 4, offset=t["data_offsets"][0]).clone().reshape(t["shape"])
        for name, t in header.items()}


def band_index(rates, outputs, inputs, taps):
    i, o = torch.meshgrid(torch.arange(inputs * rates), torch.arange(outputs * rates), indexing="ij")
    tap = i % rates - o % rates + taps // 2
    place = (o // rates * inputs + i // rates) * taps + tap
    return torch.where((tap >= 0) & (tap < taps), place, outputs * inputs * taps).reshape(-1)


class RateNetwork(nn.Module):
    def __init__(self, rows, rates, likelihood_row, log_offset, log_factor, log_floor):
        super().__init__()
        self.rates, self.likelihood_row, self.log_offset, self.log_factor, self.log_floor = rates, likelihood_row, log_offset, log_factor, log_floor
        self.conv1 = nn.Conv1d(rows, CHANNELS, 7, padding=3)
        self.conv2 = nn.Conv1d(CHANNELS, CHANNELS, 7, padding=3)
        self.conv3 = nn.Conv1d(CHANNELS, CHANNELS, 5, padding=6, dilation=3)
        self.observe = nn.Conv1d(CHANNELS, 1, 5, padding=2)
        self.mix1 = nn.Conv1d(CHANNELS + 1, MIX, TAPS, padding=TAPS // 2)
        self.mix2 = nn.Conv1d(MIX, 1, TAPS, padding=TAPS // 2)
        self.memory = nn.LSTM(2 * CHANNELS + 1, HIDDEN)
        self.gate = nn.Linear(HIDDEN, 3)
        self.trust = nn.Linear(HIDDEN + 2, 1)
        self.kernel = nn.Parameter(torch.zeros(2 * REACH + 1))
        self.leak = nn.Parameter(torch.zeros(1))
        self.weights = nn.Parameter(torch.zeros(3))
        plain = torch.exp(-torch.arange(-REACH, REACH + 1).abs() / PLAIN_SCALE)
        self.plain = (plain / plain.sum()).reshape(1, 1, -1)
        self.axis = torch.linspace(-1, 1, rates)
        self.motion_index = band_index(rates, 1, 1, 2 * REACH + 1)
        self.mix1_index = band_index(rates, MIX, 1, TAPS)
        self.mix2_index = band_index(rates, 1, MIX, TAPS)

    def encode(self, x):
        h = F.relu(self.conv2(F.relu(self.conv1(x))))
        h = h + F.relu(self.conv3(h))
        evidence = bounded(self.observe(h).squeeze(1))
        pooled = torch.cat([h.mean(2), h.max(2).values], 1)
        return (
            F.conv1d(h, self.mix1.weight[:, :CHANNELS], self.mix1.bias, padding=TAPS // 2).reshape(-1, MIX * self.rates),
            evidence,
            evidence.softmax(1),
            F.linear(pooled, self.memory.weight_ih_l0[:, :2 * CHANNELS], self.memory.bias_ih_l0 + self.memory.bias_hh_l0),
            ((x[:, self.likelihood_row] - self.log_offset) * (1 / self.log_factor)).exp() + (CLASSICAL_FLOOR - self.log_floor))

    def filter(self):
        return (
            self.banded(self.kernel.softmax(0).reshape(1, 1, -1), self.motion_index),
            self.banded(self.mix1.weight[:, CHANNELS:], self.mix1_index),
            self.banded(self.mix2.weight, self.mix2_index),
            self.banded(self.plain, self.motion_index),
            self.memory.weight_ih_l0[:, 2 * CHANNELS:].t(),
            self.memory.weight_hh_l0.t())

    def banded(self, weight, index):
        outputs, inputs = weight.shape[0], weight.shape[1]
        return torch.cat([weight.reshape(-1), torch.zeros(1)]).index_select(0, index).reshape(inputs * self.rates, outputs * self.rates)

    def step(self, matrices, seen, belief, plain, h, c):
        motion, mix1, mix2, plainly, from_surprise, recurrent = matrices
        hidden, encoded, likely, gates, classical = seen
        moved = belief @ motion
        surprise = ((moved * likely).sum(1, True) + GUARD).log()
        gates = gates + h @ recurrent + surprise * from_surprise
        opened = gates.sigmoid()
        c = opened[:, HIDDEN:2 * HIDDEN] * c + opened[:, :HIDDEN] * gates[:, 2 * HIDDEN:3 * HIDDEN].tanh()
        h = opened[:, 3 * HIDDEN:] * c.tanh()
        gate = self.gate(h)
        leak = (gate[:, 1:2] + self.leak).sigmoid()
        prior = (moved * (1 - leak) + (leak * (1.0 / self.rates) + GUARD)).log()
        mixed = F.relu((prior * 0.2 + 1) @ mix1 + hidden) @ mix2 + self.mix2.bias
        logits = encoded * self.weight(gate, 0) + prior * self.weights[1:2] + bounded(mixed) + classical.log() * self.weight(gate, 2)
        belief = logits.softmax(1)
        weighed = (plain @ plainly * (1 - PLAIN_LEAK) + PLAIN_LEAK / self.rates) * classical
        plain = weighed / weighed.sum(1, True)
        answer = belief.detach() * (1 - PLAIN_SHARE) + plain * PLAIN_SHARE
        return logits, answer, self.trust(torch.cat([h, self.shape(answer)], 1)), belief, plain, h, c

    def shape(self, belief):
        mean = (belief * self.axis).sum(1, True)
        variance = (belief * self.axis * self.axis).sum(1, True) - mean * mean
        return torch.cat([(belief * belief).sum(1, True).log(), (F.relu(variance) + VARIANCE_GUARD).log()], 1)

    def weight(self, gate, unit):
        return gate[:, unit:unit + 1].clamp(-MOST_WEIGHT, MOST_WEIGHT).exp() * self.weights[unit:unit + 1]

    def forward(self, x, belief):
        size = belief.shape[0]
        windows = x.shape[0] // size
        seen = [part.reshape(size, windows, -1).unbind(1) for part in self.encode(x)]
        matrices = self.filter()
        h, c = torch.zeros(size, HIDDEN), torch.zeros(size, HIDDEN)
        plain = belief
        logits, answers, trusts = [], [], []
        for window in zip(*seen):
            logit, answer, trust, belief, plain, h, c = self.step(matrices, window, belief, plain, h, c)
            logits.append(logit)
            answers.append(answer)
            trusts.append(trust)
        return torch.stack(logits, 1), torch.stack(answers, 1), torch.stack(trusts, 1).squeeze(2)


def bounded(x):
    return (x * (1 / MOST_EVIDENCE)).tanh() * MOST_EVIDENCE


def loss_of(logits, answer, trust, soft, near, mask, place, step_per_minute):
    count = mask.sum().clamp(min=1)
    entropy = -(logits.log_softmax(2) * soft).sum(2)
    probability = logits.softmax(2)
    nearby = probability * near
    mass = nearby.sum(2)
    centre = (nearby * torch.arange(0, logits.shape[2], dtype=torch.float32)).sum(2) / (mass + 1e-6)
    distance = (centre - place).abs() * (mass.detach() > 0.3).float()
    with torch.no_grad():
        off = (answer.argmax(2).float() - place).abs()
        within = (off < 5 / step_per_minute).float()
        error = (off * mask).sum() * step_per_minute / count
    trusted = F.binary_cross_entropy_with_logits(trust, within, reduction="none")
    return ((entropy + distance * DISTANCE_WEIGHT + trusted * TRUST_WEIGHT) * mask).sum() / count, error


def targets_of(labels, rates, first_per_minute, step_per_minute):
    mask = (~labels.isnan()).float()
    place = torch.nan_to_num((labels - first_per_minute) / step_per_minute)
    off = torch.arange(0, rates, dtype=torch.float32) - place.unsqueeze(2)
    soft = torch.exp(-0.5 * off * off / (TARGET_SD * TARGET_SD))
    return soft / soft.sum(2, True) * mask.unsqueeze(2), (off.abs() <= NEAR_RATES).float() * mask.unsqueeze(2), mask, place


def main():
    torch.set_num_threads(1)
    notes, tensors = load(sys.argv[1])
    number = lambda name: float(notes[name])
    batch = {name[6:]: value for name, value in tensors.items() if name.startswith("batch.")}
    network = RateNetwork(
        batch["input"].shape[1], batch["input"].shape[2], int(number("likelihood_row")), number("log_offset"), number("log_factor"), number("log_floor"))
    network.load_state_dict({name[8:]: value for name, value in tensors.items() if name.startswith("network.")})
    optimizer = torch.optim.AdamW(network.parameters(), lr=number("learning_rate"), weight_decay=number("weight_decay"))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.02 + 0.98 * (1 + math.cos(math.pi * min(1, step / 1000))) / 2)

    def step():
        targets = targets_of(batch["labels"], batch["input"].shape[2], number("first_per_minute"), number("step_per_minute"))
        loss, error = loss_of(*network(batch["input"], batch["belief"]), *targets, number("step_per_minute"))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        schedule.step()
        return loss.item(), error.item()

    print(f"{torch.__version__} {step()[0]:.9g}", flush=True)
    for line in sys.stdin:
        began = time.process_time()
        for _ in range(int(line)):
            last = step()
        print(f"{time.process_time() - began:.6f} {last[0]:.9g}", flush=True)


main()
