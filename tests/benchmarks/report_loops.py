# mypy: disable-error-code="no-untyped-call"
"""The work as the course report and the classic PyTorch tutorial do it, rewritten for comparison.

One name at a time; its one-hot tensor filled letter by letter in a loop; a loop over the time steps
with a concatenation at each; plain SGD. Our own code, after their description.
"""

import torch
from torch import nn

LETTERS = 57
RATE = 0.005


def one_hot(letters, length):
    """(length, 1, 57), filled in a loop."""
    tensor = torch.zeros(length, 1, LETTERS)
    for place in range(length):
        tensor[place][0][int(letters[place])] = 1
    return tensor


class ReportLSTM(nn.Module):
    """Four gates, each reading letter and hidden state concatenated anew at every time step."""

    def __init__(self, hidden, categories):
        super().__init__()
        self.hidden = hidden
        self.forget_gate = nn.Linear(LETTERS + hidden, hidden)
        self.input_gate = nn.Linear(LETTERS + hidden, hidden)
        self.cell_update = nn.Linear(LETTERS + hidden, hidden)
        self.output_gate = nn.Linear(LETTERS + hidden, hidden)
        self.out = nn.Linear(hidden, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def forward(self, tensor):
        hidden, cell = torch.zeros(1, self.hidden), torch.zeros(1, self.hidden)
        for letter in tensor:
            combined = torch.cat((letter, hidden), 1)
            forget = torch.sigmoid(self.forget_gate(combined))
            let_in = torch.sigmoid(self.input_gate(combined))
            update = torch.tanh(self.cell_update(combined))
            output = torch.sigmoid(self.output_gate(combined))
            cell = forget * cell + let_in * update
            hidden = output * torch.tanh(cell)
        return self.softmax(self.out(hidden))


class TutorialRNN(nn.Module):
    """The tutorial's network: output and next state both read letter and state."""

    def __init__(self, hidden, categories):
        super().__init__()
        self.hidden = hidden
        self.i2h = nn.Linear(LETTERS + hidden, hidden)
        self.i2o = nn.Linear(LETTERS + hidden, categories)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, tensor):
        hidden = torch.zeros(1, self.hidden)
        output = torch.zeros(1, 1)
        for letter in tensor:
            combined = torch.cat((letter, hidden), 1)
            hidden = self.i2h(combined)
            output = self.softmax(self.i2o(combined))
        return output


def looped_step(model):
    """Trains on every name of a batch, one by one."""
    criterion = nn.NLLLoss()

    def step(batch):
        for letters, length, label in zip(batch.letters, batch.lengths, batch.labels, strict=True):
            loss = criterion(model(one_hot(letters, int(length))), label[None])
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(parameter.grad, alpha=-RATE)

    return step


def contestants(hidden, categories):
    """Training steps by name."""
    return {
        "report_loop": looped_step(ReportLSTM(hidden, categories)),
        "tutorial_loop": looped_step(TutorialRNN(hidden, categories)),
    }
