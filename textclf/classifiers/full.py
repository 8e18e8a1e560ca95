"""Full fine-tuning leaves an ordinary Hugging Face classifier.

Each method has a module of its name here, because DVC's templates know only the method's name.
"""

from textclf.classifiers.encoder import Encoder as Encoder
